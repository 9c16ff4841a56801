// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/base/utf8.hpp>
#include <xenlab/bytes/endian.hpp>
#include <xenlab/bytes/hex.hpp>
#include <xenlab/registry/reg_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace xenlab::registry {
namespace {

struct TypeName {
    std::uint32_t type;
    std::string_view word;
};

constexpr std::array<TypeName, 12> types{{{0, "none"},
                                          {1, "sz"},
                                          {2, "expand_sz"},
                                          {3, "binary"},
                                          {4, "dword"},
                                          {5, "dword_big_endian"},
                                          {6, "link"},
                                          {7, "multi_sz"},
                                          {8, "resource_list"},
                                          {9, "full_resource_descriptor"},
                                          {10, "resource_requirements_list"},
                                          {11, "qword"}}};

Error bad(std::string_view text)
{
    return {Errc::usage, fmt::format("{} is no value", text::quoted(text)),
            "write TYPE:DATA: sz:text, dword:1, qword:1, expand_sz:%SystemRoot%, multi_sz:a|b, "
            "hex:00,ff, bool:1"};
}

std::uint64_t number_of(std::string_view digits, std::string_view whole)
{
    int base = 10;
    if (digits.starts_with("0x")) {
        base = 16;
        digits.remove_prefix(2);
    }
    std::uint64_t value = 0;
    const auto [end, code] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (code != std::errc() || end != digits.data() + digits.size() || digits.empty())
        throw bad(whole);
    return value;
}

std::vector<std::byte> little_endian(std::uint64_t value, std::size_t size)
{
    std::vector<std::byte> data(size);
    for (std::size_t i = 0; i < size; ++i)
        data[i] = static_cast<std::byte>(value >> (8 * i));
    return data;
}

std::vector<std::byte> hex_data(std::string_view text, std::string_view whole)
{
    std::string digits;
    for (const char c : text)
        if (c != ',' && c != ' ')
            digits += c;
    const auto data = bytes::from_hex(digits);
    if (!data)
        throw bad(whole);
    return *data;
}

std::string_view chars(const std::vector<std::byte>& data)
{
    return {reinterpret_cast<const char*>(data.data()), data.size()}; // NOLINT: char may alias
}

std::string without_nul(std::string text)
{
    while (!text.empty() && text.back() == '\0')
        text.pop_back();
    return text;
}

} // namespace

std::vector<std::byte> utf16_bytes(std::string_view text, bool end_with_nul)
{
    std::vector<std::byte> data;
    const auto unit = [&](char32_t u) {
        data.push_back(static_cast<std::byte>(u & 0xffU));
        data.push_back(static_cast<std::byte>(u >> 8U & 0xffU));
    };
    while (!text.empty()) {
        const char32_t c = text::next_code_point(text).value_or(0xfffd);
        if (c >= 0x10000) {
            unit(0xd800 + ((c - 0x10000) >> 10U));
            unit(0xdc00 + ((c - 0x10000) & 0x3ffU));
        } else {
            unit(c);
        }
    }
    if (end_with_nul)
        unit(0);
    return data;
}

std::string name_of_type(std::uint32_t type)
{
    for (const TypeName& known : types)
        if (known.type == type) {
            std::string name = "REG_";
            for (const char c : known.word)
                name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
            return name;
        }
    return fmt::format("0x{:x}", type);
}

std::string text_of(const Value& value)
{
    return without_nul(text::utf16le_to_utf8(chars(value.data)));
}

std::string shown_data(const Value& value)
{
    switch (value.type) {
    case type::sz:
    case type::expand_sz:
    case type::link:
        return text_of(value);
    case type::multi_sz: {
        std::string all = text_of(value);
        std::replace(all.begin(), all.end(), '\0', '|');
        return all;
    }
    case type::dword:
        if (value.data.size() == 4)
            return fmt::format("{}", bytes::le32(value.data, 0));
        break;
    case type::dword_big_endian:
        if (value.data.size() == 4)
            return fmt::format("{}", bytes::be32(value.data, 0));
        break;
    case type::qword:
        if (value.data.size() == 8)
            return fmt::format("{}", bytes::le64(value.data, 0));
        break;
    default:
        break;
    }
    return bytes::to_hex(value.data);
}

Value parse_value(const std::string& name, std::string_view text)
{
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos)
        throw bad(text);
    std::string word = text::to_lower(text.substr(0, colon));
    const std::string_view rest = text.substr(colon + 1);
    if (word.starts_with("reg_"))
        word.erase(0, 4);
    Value value{.name = name};
    if (word == "bool") { // of BCD
        if (rest != "0" && rest != "1" && rest != "off" && rest != "on")
            throw bad(text);
        value.type = type::binary;
        value.data = {static_cast<std::byte>(rest == "1" || rest == "on" ? 1 : 0)};
        return value;
    }
    if (word == "int") { // of BCD
        value.type = type::binary;
        value.data = little_endian(number_of(rest, text), 8);
        return value;
    }
    if (word == "hex" || word == "binary") {
        value.type = type::binary;
        value.data = hex_data(rest, text);
        return value;
    }
    if (word.starts_with("hex(") && word.ends_with(')')) {
        value.type = static_cast<std::uint32_t>(
            number_of("0x" + word.substr(4, word.size() - 5), text) & 0xffffffffU);
        value.data = hex_data(rest, text);
        return value;
    }
    const auto* known =
        std::find_if(types.begin(), types.end(), [&](const TypeName& t) { return t.word == word; });
    if (known == types.end())
        throw bad(text);
    value.type = known->type;
    switch (value.type) {
    case type::none:
        value.data = hex_data(rest, text);
        break;
    case type::sz:
    case type::expand_sz:
    case type::link:
        value.data = utf16_bytes(rest, value.type != type::link);
        break;
    case type::multi_sz: {
        std::string list(rest);
        std::replace(list.begin(), list.end(), '|', '\0');
        value.data = utf16_bytes(list, true);
        if (!list.empty())
            value.data.insert(value.data.end(), 2, std::byte{0});
        break;
    }
    case type::dword: {
        const std::uint64_t number = number_of(rest, text);
        if (number > 0xffffffff)
            throw bad(text);
        value.data = little_endian(number, 4);
        break;
    }
    case type::qword:
        value.data = little_endian(number_of(rest, text), 8);
        break;
    default:
        throw Error(Errc::usage,
                    fmt::format("values of the type {} are written as hex(N):…", word));
    }
    return value;
}

} // namespace xenlab::registry
