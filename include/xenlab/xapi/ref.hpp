// SPDX-License-Identifier: GPL-3.0-or-later
// References to objects of a pool, with the class in the type.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <utility>

namespace xenlab::xapi {

/// "OpaqueRef:5bd7…". Valid for the life of the object; task and session references die with the
/// coordinator's toolstack. T is a record of xapi/records.hpp.
template <typename T>
class Ref {
  public:
    Ref() = default;
    explicit Ref(std::string value) : value_(std::move(value)) {}

    /// "OpaqueRef:NULL", and the "" and "Ref:…" that real pools have been seen to hold in its place
    /// (xapi.md 1.2).
    [[nodiscard]] bool null() const noexcept
    {
        return value_ == "OpaqueRef:NULL" || !std::string_view(value_).starts_with("OpaqueRef:");
    }
    [[nodiscard]] explicit operator bool() const noexcept { return !null(); }
    [[nodiscard]] const std::string& str() const noexcept { return value_; }
    auto operator<=>(const Ref&) const = default;

  private:
    std::string value_ = "OpaqueRef:NULL";
};

/// An object with its reference.
template <typename T>
struct Object {
    Ref<T> ref;
    T record;
};

} // namespace xenlab::xapi
