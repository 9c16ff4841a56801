// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/text.hpp>
#include <xenlab/xmlrpc/value.hpp>

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace xenlab::xmlrpc {

std::string_view Value::type_name() const noexcept
{
    static constexpr std::array<std::string_view, 7> names{
        "string", "boolean", "int", "double", "dateTime.iso8601", "array", "struct"};
    return names.at(data_.index());
}

std::optional<std::string> Value::as_scalar() const
{
    if (const auto* text = std::get_if<std::string>(&data_))
        return *text;
    if (const auto* number = std::get_if<std::int64_t>(&data_))
        return fmt::format("{}", *number);
    if (const auto* flag = std::get_if<bool>(&data_))
        return *flag ? "1" : "0";
    return std::nullopt;
}

std::optional<std::int64_t> Value::as_int() const
{
    if (const auto* number = std::get_if<std::int64_t>(&data_))
        return *number;
    const auto* text = std::get_if<std::string>(&data_);
    if (text == nullptr)
        return std::nullopt;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc{} || end != text->data() + text->size())
        return std::nullopt;
    return value;
}

std::optional<bool> Value::as_bool() const
{
    if (const auto* flag = std::get_if<bool>(&data_))
        return *flag;
    return std::nullopt;
}

const Value* Value::find(std::string_view member) const noexcept
{
    const Struct* members = if_struct();
    if (members == nullptr)
        return nullptr;
    const auto found = members->find(member);
    return found == members->end() ? nullptr : &found->second;
}

} // namespace xenlab::xmlrpc
