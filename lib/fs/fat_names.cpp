// SPDX-License-Identifier: GPL-3.0-or-later
#include "fat_names.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::fs {
namespace {

// Code page 437 from 0x80 on.
constexpr std::u16string_view page = u"ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗"
                                     u"╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀"
                                     u"αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";
static_assert(page.size() == 128);

std::string part(std::string_view raw, bool lower)
{
    std::string out;
    raw = raw.substr(0, raw.find_last_not_of(' ') + 1);
    for (const char c : raw) {
        const auto code = static_cast<unsigned char>(c);
        if (code >= 0x80)
            text::append_utf8(out, page[code - 0x80U]);
        else
            out += lower && code >= 'A' && code <= 'Z' ? static_cast<char>(code + 32) : c;
    }
    return out;
}

bool short_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'()-@^_`{}~").find(c) != std::string_view::npos;
}

/// What of a long name may stand in a short one, in upper case.
std::string basis(std::string_view name, std::size_t most)
{
    std::string out;
    for (const char c : name) {
        const char upper = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
        if (out.size() >= most)
            break;
        if (short_char(upper))
            out += upper;
        else if (c != ' ' && c != '.' && (static_cast<unsigned char>(c) & 0xc0U) != 0x80U)
            out += '_'; // one for each character
    }
    return out;
}

} // namespace

std::string text_of(const ShortName& raw, unsigned flags)
{
    ShortName name = raw;
    if (name[0] == 0x05)
        name[0] = static_cast<char>(0xe5);
    std::string text = part(std::string_view(name.data(), 8), (flags & 0x08U) != 0);
    const std::string extension = part(std::string_view(name.data() + 8, 3), (flags & 0x10U) != 0);
    return extension.empty() ? text : text + "." + extension;
}

std::uint8_t checksum_of(const ShortName& name)
{
    unsigned sum = 0;
    for (const char c : name)
        sum = (((sum & 1U) << 7U) + (sum >> 1U) + static_cast<unsigned char>(c)) & 0xffU;
    return static_cast<std::uint8_t>(sum);
}

bool fits_short(std::string_view name, ShortName& result)
{
    const std::size_t dot = name.find('.');
    const std::string_view base = name.substr(0, dot);
    const std::string_view extension =
        dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
    const bool good = !base.empty() && base.size() <= 8 && extension.size() <= 3 &&
                      (dot == std::string_view::npos || !extension.empty()) &&
                      std::all_of(base.begin(), base.end(), short_char) &&
                      std::all_of(extension.begin(), extension.end(), short_char);
    result.fill(' ');
    if (good) {
        std::copy(base.begin(), base.end(), result.begin());
        std::copy(extension.begin(), extension.end(), result.begin() + 8);
    }
    return good;
}

ShortName make_short(std::string_view name, const std::function<bool(const ShortName&)>& taken)
{
    const std::size_t dot = name.rfind('.');
    std::string base = basis(name.substr(0, dot == 0 ? std::string_view::npos : dot), 8);
    const std::string extension =
        dot == std::string_view::npos || dot == 0 ? "" : basis(name.substr(dot + 1), 3);
    if (base.empty())
        base = "_";
    for (unsigned number = 1; number < 1'000'000; ++number) {
        const std::string tail = fmt::format("~{}", number);
        const std::string front = base.substr(0, 8 - tail.size()) + tail;
        ShortName result;
        result.fill(' ');
        std::copy(front.begin(), front.end(), result.begin());
        std::copy(extension.begin(), extension.end(), result.begin() + 8);
        if (!taken(result))
            return result;
    }
    throw Error(Errc::failed, "the folder of the FAT volume has no short name left");
}

std::u16string units_of(bytes::View entry)
{
    std::u16string units;
    for (const std::size_t at : unit_places)
        units += static_cast<char16_t>(bytes::le16(entry, at));
    return units;
}

} // namespace xenlab::fs
