// SPDX-License-Identifier: GPL-3.0-or-later
// A password or a session reference: text that must not reach logs, messages or core files longer
// than needed.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace xenlab {

/// Holds the text and wipes it when it goes. Deliberately not printable and not comparable.
class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string text) : text_(std::move(text)) {}
    Secret(const Secret& other) = default;
    Secret(Secret&& other) noexcept : text_(other.text_) { other.wipe(); }
    Secret& operator=(Secret other) noexcept
    {
        text_.swap(other.text_);
        return *this;
    }
    ~Secret() { wipe(); }

    /// For the one place that sends it.
    [[nodiscard]] const std::string& reveal() const noexcept { return text_; }
    [[nodiscard]] bool empty() const noexcept { return text_.empty(); }

  private:
    void wipe() noexcept
    {
        for (volatile char& c : text_) // volatile: the compiler may not skip the last writes
            c = '\0';
        text_.clear();
    }
    std::string text_;
};

} // namespace xenlab
