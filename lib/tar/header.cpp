// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/text.hpp>
#include <xenlab/bytes/endian.hpp>
#include <xenlab/tar/header.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace xenlab::tar {
namespace {

// Field places: POSIX.1-2017 pax, "ustar Interchange Format".
constexpr std::size_t name_at = 0, name_length = 100;
constexpr std::size_t size_at = 124, size_length = 12;
constexpr std::size_t sum_at = 148, sum_length = 8;
constexpr std::size_t type_at = 156;
constexpr std::size_t link_at = 157, link_length = 100;
constexpr std::size_t magic_at = 257;
constexpr std::size_t prefix_at = 345, prefix_length = 155;

std::string_view field(std::span<const std::byte> block, std::size_t at, std::size_t length)
{
    return {reinterpret_cast<const char*>(block.data()) + at, length}; // NOLINT: bytes as text
}

std::string_view text_field(std::span<const std::byte> block, std::size_t at, std::size_t length)
{
    const std::string_view whole = field(block, at, length);
    return whole.substr(0, whole.find('\0'));
}

struct Octal {
    std::uint64_t value = 0;
    bool blank_padded = false;
};

/// Octal digits, perhaps after blanks, ended by NULs and blanks or the end of the field.
std::optional<Octal> parse_octal(std::string_view text)
{
    Octal out;
    const std::size_t first = std::min(text.find_first_not_of(' '), text.size());
    out.blank_padded = first > 0;
    text.remove_prefix(first);
    const std::size_t digits = std::min(text.find_first_not_of("01234567"), text.size());
    if (text.find_first_not_of(std::string_view("\0 ", 2), digits) != std::string_view::npos)
        return std::nullopt;
    if (digits == 0 || (out.blank_padded && digits > 1 && text[0] == '0'))
        return std::nullopt;
    for (const char c : text.substr(0, digits)) {
        if (out.value >> 61U != 0)
            return std::nullopt;
        out.value = out.value << 3U | static_cast<std::uint64_t>(c - '0');
    }
    return out;
}

/// GNU's base-256 form for sizes from 8 GiB: the top bit of the first byte marks it.
std::optional<std::uint64_t> parse_base256(std::span<const std::byte> raw)
{
    if (std::to_integer<unsigned>(raw[0]) != 0x80)
        return std::nullopt; // negative, or absurdly large
    if (std::any_of(raw.begin() + 1, raw.end() - 8, [](std::byte b) { return b != std::byte{0}; }))
        return std::nullopt;
    return bytes::be64(raw, raw.size() - 8);
}

bool is_strict_sum_form(std::string_view text)
{
    const auto digits = [&](std::size_t n) { return text.find_first_not_of("01234567") == n; };
    const std::string_view end = text.substr(6);
    return (digits(7) && text[7] == '\0') ||
           (digits(6) && (end == std::string_view("\0 ", 2) || end == std::string_view(" \0", 2)));
}

std::uint64_t sum_of(std::span<const std::byte> block)
{
    std::uint64_t sum = sum_length * ' ';
    for (std::size_t i = 0; i < block_size; ++i)
        if (i < sum_at || i >= sum_at + sum_length)
            sum += std::to_integer<std::uint64_t>(block[i]);
    return sum;
}

Dialect dialect_of(std::span<const std::byte> block)
{
    const std::string_view magic = field(block, magic_at, 8);
    if (magic == std::string_view("ustar\0"
                                  "00",
                                  8))
        return Dialect::ustar;
    if (magic == std::string_view("ustar  \0", 8))
        return Dialect::gnu;
    return Dialect::v7;
}

std::optional<Header> fail(std::string* why, std::string words)
{
    if (why != nullptr)
        *why = std::move(words);
    return std::nullopt;
}

} // namespace

bool is_zero(std::span<const std::byte> block) noexcept
{
    return std::all_of(block.begin(), block.end(), [](std::byte b) { return b == std::byte{0}; });
}

std::optional<Header> parse_header(std::span<const std::byte> block, std::string* why)
{
    const std::string_view sum_text = field(block, sum_at, sum_length);
    const auto sum = parse_octal(sum_text);
    if (!sum || sum->value != sum_of(block))
        return fail(why, "the tar header checksum does not match");

    Header header;
    const auto raw_size = block.subspan(size_at, size_length);
    const bool binary = (raw_size[0] & std::byte{0x80}) != std::byte{0};
    const auto octal = binary ? std::nullopt : parse_octal(field(block, size_at, size_length));
    const auto size = binary  ? parse_base256(raw_size)
                      : octal ? std::optional(octal->value)
                              : std::nullopt;
    if (!size)
        return fail(why, "the size in the tar header is not a number");
    if (*size >> 62U != 0)
        return fail(why, fmt::format("the size in the tar header is impossible ({})", *size));
    if (!is_strict_sum_form(sum_text) && !(octal && octal->blank_padded && sum->blank_padded))
        return fail(why, "the tar header checksum has an unknown form");

    header.size = *size;
    header.dialect = dialect_of(block);
    header.name = text_field(block, name_at, name_length);
    const std::string_view prefix = text_field(block, prefix_at, prefix_length);
    if (header.dialect == Dialect::ustar && !prefix.empty())
        header.name = fmt::format("{}/{}", prefix, header.name);
    header.link = text_field(block, link_at, link_length);
    header.type = static_cast<char>(block[type_at]);
    if (header.type == '\0' || header.type == '7') // V7's regular file; contiguous file
        header.type = header.name.ends_with('/') ? '5' : '0';
    return header;
}

} // namespace xenlab::tar
