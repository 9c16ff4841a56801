// SPDX-License-Identifier: GPL-3.0-or-later
#include "rfb.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <array>
#include <map>
#include <optional>

namespace xvm::rfb {

using namespace xenlab;

namespace {

constexpr std::uint32_t shift = 0xFFE1, control = 0xFFE3, alt = 0xFFE9;

/// X11 keysyms (keysymdef.h).
std::optional<std::uint32_t> named(const std::string& name)
{
    static const std::map<std::string, std::uint32_t> symbols{
        {"enter", 0xFF0D},  {"return", 0xFF0D}, {"tab", 0xFF09},       {"esc", 0xFF1B},
        {"escape", 0xFF1B}, {"space", 0x20},    {"backspace", 0xFF08}, {"bs", 0xFF08},
        {"del", 0xFFFF},    {"delete", 0xFFFF}, {"ins", 0xFF63},       {"home", 0xFF50},
        {"end", 0xFF57},    {"pageup", 0xFF55}, {"pagedown", 0xFF56},  {"left", 0xFF51},
        {"up", 0xFF52},     {"right", 0xFF53},  {"down", 0xFF54},      {"win", 0xFFEB},
        {"menu", 0xFF67},   {"lt", 0x3C},
    };
    if (const auto found = symbols.find(name); found != symbols.end())
        return found->second;
    if (name.size() >= 2 && name.front() == 'f')
        if (const auto number = text::parse_u64(std::string_view(name).substr(1));
            number && *number >= 1 && *number <= 12)
            return 0xFFBE + static_cast<std::uint32_t>(*number) - 1;
    if (name.size() == 1)
        return static_cast<unsigned char>(name.front());
    return std::nullopt;
}

bool needs_shift(char c)
{
    static constexpr std::string_view shifted = "~!@#$%^&*()_+{}|:\"<>?";
    return (c >= 'A' && c <= 'Z') || shifted.find(c) != std::string_view::npos;
}

void press(std::vector<Key>& keys, std::uint32_t symbol, std::span<const std::uint32_t> modifiers)
{
    for (const std::uint32_t modifier : modifiers)
        keys.push_back({modifier, true});
    keys.push_back({symbol, true});
    keys.push_back({symbol, false});
    for (std::size_t i = modifiers.size(); i > 0; --i)
        keys.push_back({modifiers[i - 1], false});
}

/// "C-A-Del" without its brackets.
void press_named(std::vector<Key>& keys, std::string_view inside)
{
    std::vector<std::uint32_t> modifiers;
    std::string_view rest = inside;
    while (rest.size() > 2 && rest[1] == '-') {
        const char c = rest.front();
        const std::uint32_t modifier = c == 'C' ? control : c == 'A' ? alt : c == 'S' ? shift : 0;
        if (modifier == 0)
            break;
        modifiers.push_back(modifier);
        rest.remove_prefix(2);
    }
    const auto symbol = named(text::to_lower(rest));
    if (!symbol)
        throw Error(Errc::usage, fmt::format("there is no key <{}>", text::printable(inside)),
                    "<Enter>, <Tab>, <Esc>, <Up>, <F1>, <C-A-Del>…; << is <");
    press(keys, *symbol, modifiers);
}

} // namespace

std::vector<Key> parse_keys(std::string_view text)
{
    std::vector<Key> keys;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const std::size_t end = c == '<' ? text.find('>', i) : std::string_view::npos;
        if (c == '<' && text.substr(i + 1).starts_with('<')) {
            press(keys, '<', std::array{shift});
            ++i;
        } else if (c == '<' && end != std::string_view::npos) {
            press_named(keys, text.substr(i + 1, end - i - 1));
            i = end;
        } else if (c == '\n') {
            press(keys, 0xFF0D, {});
        } else if (c == '\t') {
            press(keys, 0xFF09, {});
        } else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7E) {
            throw Error(Errc::usage, "only ASCII can be typed");
        } else if (needs_shift(c)) {
            press(keys, static_cast<unsigned char>(c), std::array{shift});
        } else {
            press(keys, static_cast<unsigned char>(c), {});
        }
    }
    return keys;
}

Bytes encode(const Key& key)
{
    Bytes out{std::byte{4}, static_cast<std::byte>(key.down ? 1 : 0), std::byte{0}, std::byte{0}};
    put32(out, key.symbol);
    return out;
}

} // namespace xvm::rfb
