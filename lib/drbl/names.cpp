// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/drbl/names.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace xenlab::drbl {
namespace {

constexpr bool is_digit(char c) noexcept
{
    return c >= '0' && c <= '9';
}

constexpr bool is_letter(char c) noexcept
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Letters, digits and `others`, beginning with a letter or digit.
bool is_word(std::string_view name, std::size_t most, std::string_view others) noexcept
{
    if (name.empty() || name.size() > most || !(is_digit(name[0]) || is_letter(name[0])))
        return false;
    return std::all_of(name.begin(), name.end(), [&](char c) {
        return is_digit(c) || is_letter(c) || others.find(c) != std::string_view::npos;
    });
}

/// Takes up to `most` digits from the front; how many there were.
std::size_t take_digits(std::string_view& rest, std::size_t most) noexcept
{
    std::size_t n = 0;
    while (n < rest.size() && n < most && is_digit(rest[n]))
        ++n;
    rest.remove_prefix(n);
    return n;
}

bool take(std::string_view& rest, std::string_view prefix) noexcept
{
    if (!rest.starts_with(prefix))
        return false;
    rest.remove_prefix(prefix.size());
    return true;
}

/// sda, xvdb, hdc, vdaa: a bus, then letters.
bool take_lettered(std::string_view& rest) noexcept
{
    std::string_view at = rest;
    take(at, "x"); // only xvd, but DRBL's own pattern is x?[hsv]d, too
    if (at.size() < 3 || (at[0] != 'h' && at[0] != 's' && at[0] != 'v') || at[1] != 'd')
        return false;
    at.remove_prefix(2);
    std::size_t letters = 0;
    while (letters < at.size() && letters < 3 && at[letters] >= 'a' && at[letters] <= 'z')
        ++letters;
    at.remove_prefix(letters);
    if (letters == 0)
        return false;
    rest = at;
    return true;
}

/// nvme0n1, mmcblk0, md0, nbd0, loop0, cciss/c0d0: their partitions are "p" and a number.
bool take_numbered(std::string_view& rest) noexcept
{
    std::string_view at = rest;
    bool taken = false;
    if (take(at, "nvme"))
        taken = take_digits(at, 3) > 0 && take(at, "n") && take_digits(at, 3) > 0;
    else if (take(at, "cciss/c"))
        taken = take_digits(at, 2) > 0 && take(at, "d") && take_digits(at, 2) > 0;
    else if (take(at, "mmcblk") || take(at, "md") || take(at, "nbd") || take(at, "loop"))
        taken = take_digits(at, 3) > 0;
    if (taken)
        rest = at;
    return taken;
}

struct Split {
    std::string_view disk;
    bool partition = false;
};

std::optional<Split> split_device(std::string_view name) noexcept
{
    std::string_view rest = name;
    const bool lettered = take_lettered(rest);
    if (!lettered && !take_numbered(rest))
        return std::nullopt;
    Split split{name.substr(0, name.size() - rest.size()), !rest.empty()};
    if (rest.empty())
        return split;
    if (!lettered && !take(rest, "p"))
        return std::nullopt;
    if (rest.empty() || rest[0] == '0' || take_digits(rest, 3) == 0 || !rest.empty())
        return std::nullopt;
    return split;
}

} // namespace

bool is_image_name(std::string_view name) noexcept
{
    constexpr std::array reserved{"ask_user", "autoname", "autohostname", "autoproductname",
                                  "btzone"};
    return is_word(name, 100, "._-") &&
           std::find(reserved.begin(), reserved.end(), name) == reserved.end();
}

bool is_disk_name(std::string_view name) noexcept
{
    const auto split = split_device(name);
    return name == "1st-disk" || (split && !split->partition);
}

bool is_partition_name(std::string_view name) noexcept
{
    const auto split = split_device(name);
    return split && split->partition;
}

std::optional<std::size_t> disk_number(std::string_view disk) noexcept
{
    if (disk == "1st-disk")
        return 0;
    std::string_view rest = disk;
    if (take_lettered(rest) && rest.empty()) { // a, b … z, aa
        std::size_t number = 0;
        for (const char c : disk.substr(disk.find('d') + 1))
            number = number * 26 + static_cast<std::size_t>(c - 'a') + 1;
        return number - 1;
    }
    rest = disk;
    if (!take(rest, "nvme"))
        return std::nullopt;
    const std::string_view digits = rest.substr(0, rest.find('n'));
    std::size_t number = 0;
    for (const char c : digits)
        number = number * 10 + static_cast<std::size_t>(c - '0');
    return is_disk_name(disk) ? std::optional(number) : std::nullopt;
}

std::optional<std::string> disk_of(std::string_view partition)
{
    const auto split = split_device(partition);
    if (!split || !split->partition)
        return std::nullopt;
    return std::string(split->disk);
}

std::optional<std::uint32_t> parse_ipv4(std::string_view text) noexcept
{
    std::uint32_t address = 0;
    for (int i = 0; i < 4; ++i) {
        if (i > 0 && !take(text, "."))
            return std::nullopt;
        const std::string_view before = text;
        const std::size_t n = take_digits(text, 3);
        std::uint32_t part = 0;
        for (const char c : before.substr(0, n))
            part = part * 10 + static_cast<std::uint32_t>(c - '0');
        if (n == 0 || part > 255 || (n > 1 && before[0] == '0'))
            return std::nullopt;
        address = address << 8U | part;
    }
    if (!text.empty())
        return std::nullopt;
    return address;
}

std::string format_ipv4(std::uint32_t address)
{
    return fmt::format("{}.{}.{}.{}", address >> 24U, address >> 16U & 255U, address >> 8U & 255U,
                       address & 255U);
}

std::optional<std::string> parse_mac(std::string_view text)
{
    if (text.size() != 17)
        return std::nullopt;
    std::string mac = text::to_lower(text);
    for (std::size_t i = 0; i < mac.size(); ++i) {
        char& c = mac[i];
        if (i % 3 == 2) {
            if ((c != ':' && c != '-') || text[i] != text[2])
                return std::nullopt;
            c = ':';
        } else if (!is_digit(c) && !(c >= 'a' && c <= 'f')) {
            return std::nullopt;
        }
    }
    return mac;
}

bool is_host_name(std::string_view name) noexcept
{
    return is_word(name, 63, "-_.");
}

bool is_group_name(std::string_view name) noexcept
{
    return is_word(name, 40, "-_.");
}

bool is_interface_name(std::string_view name) noexcept
{
    return is_word(name, 15, "_-.");
}

bool is_compression(std::string_view name) noexcept
{
    // drbl-ocs: z0 none, z1 gzip, z2 bzip2, z3 lzop, z4 lzma, z5 xz, z6 lzip, z7 lrzip, z8 lz4,
    // z9 zstd; with p the parallel program where there is one.
    return (name.size() == 1 && is_digit(name[0])) ||
           (name.size() == 2 && name[1] == 'p' &&
            std::string_view("125689").find(name[0]) != std::string_view::npos);
}

void require_image_name(std::string_view name)
{
    if (!is_image_name(name))
        throw Error(Errc::usage, fmt::format("not an image name: {}", text::quoted(name)),
                    "up to 100 letters, digits, dots, dashes and underscores, a letter or digit "
                    "first; names that DRBL reserves, such as ask_user, are refused");
}

void require_device(std::string_view name, bool partition)
{
    if (partition ? is_partition_name(name) : is_disk_name(name))
        return;
    throw Error(Errc::usage,
                fmt::format("not a {}: {}", partition ? "partition" : "disk", text::quoted(name)),
                partition ? "partitions are named like sda1 or nvme0n1p2, without /dev/"
                          : "disks are named like sda, nvme0n1 or 1st-disk, without /dev/");
}

} // namespace xenlab::drbl
