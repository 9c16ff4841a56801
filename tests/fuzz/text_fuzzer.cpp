// links: base
// SPDX-License-Identifier: GPL-3.0-or-later
// Text from users and peers: sizes, durations, and what may be shown on a terminal.
#include <xenlab/base/text.hpp>
#include <xenlab/base/utf8.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace xenlab;

void require(bool holds)
{
    if (!holds)
        std::abort();
}

int digit(char c)
{
    return c >= 'a' ? c - 'a' + 10 : c - '0';
}

/// Takes back what printable() did.
std::string restored(std::string_view shown)
{
    std::string out;
    for (std::size_t i = 0; i < shown.size(); ++i) {
        if (shown[i] != '\\') {
            out += shown[i];
            continue;
        }
        switch (shown.at(++i)) {
        case 't':
            out += '\t';
            break;
        case 'n':
            out += '\n';
            break;
        case 'r':
            out += '\r';
            break;
        case '\\':
            out += '\\';
            break;
        case 'x':
            out += static_cast<char>(digit(shown.at(i + 1)) * 16 + digit(shown.at(i + 2)));
            i += 2;
            break;
        default:
            std::abort();
        }
    }
    return out;
}

void check_printable(std::string_view foreign)
{
    const std::string shown = text::printable(foreign);
    require(text::is_utf8(shown));
    require(restored(shown) == foreign);
    for (std::string_view rest = shown; !rest.empty();) {
        const auto c = text::next_code_point(rest);
        require(c && *c >= 0x20 && (*c < 0x7F || *c >= 0xA0));
        require(!(*c >= 0x202A && *c <= 0x202E) && !(*c >= 0x2066 && *c <= 0x2069));
    }
    const std::string cut = text::quoted(foreign, 10);
    require(text::is_utf8(cut) && cut.size() <= 2 + 4 * 10 + 3);
    text::display_width(shown);
    require(text::is_utf8(text::utf16le_to_utf8(foreign)));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    check_printable(input);
    if (const auto n = text::parse_u64(input))
        require(text::parse_size(input) == n);
    if (const auto bytes = text::parse_size(input))
        require(input[0] >= '0' && input[0] <= '9' && !text::human_size(*bytes).empty());
    if (const auto duration = text::parse_duration(input))
        require(duration->count() >= 0 && duration->count() <= 1000LL * 3600 * 24 * 3650);
    std::size_t joined = 0;
    for (const std::string_view part : text::split(input, ','))
        joined += part.size() + 1;
    require(joined == size + 1);
    require(text::trim(text::trim(input)) == text::trim(input));
    return 0;
}
