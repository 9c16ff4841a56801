// SPDX-License-Identifier: GPL-3.0-or-later
// Regular expressions on what a guest prints.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace xenlab::serial_cli {

/// A POSIX extended regular expression. (std::regex recurses for each character, which a guest
/// could use to break us.)
class Pattern {
  public:
    /// Throws Error{usage}.
    explicit Pattern(const std::string& text);
    ~Pattern();
    Pattern(const Pattern&) = delete;
    Pattern& operator=(const Pattern&) = delete;
    [[nodiscard]] bool matches(const std::string& line) const;

  private:
    struct Compiled;
    std::unique_ptr<Compiled> compiled_;
};

/// Cuts a stream into lines without colours and other escape sequences.
class LineBuffer {
  public:
    /// The first line that matches, whether it has ended or not.
    std::optional<std::string> feed(std::string_view bytes, const Pattern& pattern);

  private:
    void add(char c);

    std::string line_;
    enum class Escape { none, begun, sequence } escape_ = Escape::none;
};

} // namespace xenlab::serial_cli
