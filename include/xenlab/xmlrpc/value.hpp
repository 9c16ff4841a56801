// SPDX-License-Identifier: GPL-3.0-or-later
// XML-RPC values as xapi writes them: integers and strings are untyped text, booleans, doubles and
// dates are typed (xmlrpc.com/spec; xen-api ocaml/libs/xml-light2 and the recordings of a running
// xapi 23.1).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace xenlab::xmlrpc {

class Value;
using Array = std::vector<Value>;
using Struct = std::map<std::string, Value, std::less<>>;

/// A value with its XML-RPC type. Plain data; copying copies all of it.
class Value {
  public:
    struct DateTime {
        std::string text; ///< "20261122T15:19:10Z", as sent
        bool operator==(const DateTime&) const = default;
    };

    Value() : data_(std::string()) {}
    explicit Value(std::string text) : data_(std::move(text)) {}
    explicit Value(const char* text) : data_(std::string(text)) {}
    explicit Value(bool flag) : data_(flag) {}
    explicit Value(std::int64_t number) : data_(number) {}
    explicit Value(double number) : data_(number) {}
    explicit Value(DateTime date) : data_(std::move(date)) {}
    explicit Value(Array items) : data_(std::move(items)) {}
    explicit Value(Struct members) : data_(std::move(members)) {}

    /// "string", "boolean", "int", "double", "dateTime.iso8601", "array" or "struct".
    [[nodiscard]] std::string_view type_name() const noexcept;

    [[nodiscard]] const std::string* if_text() const noexcept
    {
        return std::get_if<std::string>(&data_);
    }
    [[nodiscard]] const Array* if_array() const noexcept { return std::get_if<Array>(&data_); }
    [[nodiscard]] const Struct* if_struct() const noexcept { return std::get_if<Struct>(&data_); }
    [[nodiscard]] const bool* if_bool() const noexcept { return std::get_if<bool>(&data_); }
    [[nodiscard]] const double* if_double() const noexcept { return std::get_if<double>(&data_); }
    [[nodiscard]] const DateTime* if_date() const noexcept { return std::get_if<DateTime>(&data_); }

    /// Text of a string, digits of an int, 0/1 of a boolean; nothing for the rest.
    [[nodiscard]] std::optional<std::string> as_scalar() const;

    /// xapi's int64: an <int>/<i4>, or untyped text that is a whole number.
    [[nodiscard]] std::optional<std::int64_t> as_int() const;
    [[nodiscard]] std::optional<bool> as_bool() const;

    /// The member of a struct, or nullptr (also when this is not a struct).
    [[nodiscard]] const Value* find(std::string_view member) const noexcept;

    bool operator==(const Value&) const = default;

  private:
    std::variant<std::string, bool, std::int64_t, double, DateTime, Array, Struct> data_;
};

/// Decodes one `<value>…</value>` element. Throws Error{bad_data}.
/// Nesting deeper than 64 elements and text over 64 MiB are refused.
Value decode_value(std::string_view xml);

} // namespace xenlab::xmlrpc
