// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/tar/header.hpp>
#include <xenlab/tar/writer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace xenlab::tar {
namespace {

constexpr std::uint64_t most_octal(unsigned digits)
{
    return (std::uint64_t{1} << (3 * digits)) - 1;
}

void put(std::span<char> block, std::size_t at, std::size_t length, std::string_view text)
{
    std::memcpy(block.data() + at, text.data(), std::min(length, text.size()));
}

void put_number(std::span<char> block, std::size_t at, unsigned digits, std::uint64_t value)
{
    put(block, at, digits, fmt::format("{:0{}o}", std::min(value, most_octal(digits)), digits));
}

/// "LENGTH KEY=VALUE\n", where LENGTH counts itself.
std::string pax_record(std::string_view key, std::string_view value)
{
    const std::size_t rest = key.size() + value.size() + 3;
    std::size_t length = rest + 1;
    while (rest + std::to_string(length).size() > length)
        ++length;
    return fmt::format("{} {}={}\n", length, key, value);
}

} // namespace

void Writer::header(const NewEntry& entry)
{
    std::array<char, block_size> block{};
    put(block, 0, 100, entry.name);
    put_number(block, 100, 7, entry.mode);
    put_number(block, 108, 7, entry.uid);
    put_number(block, 116, 7, entry.gid);
    put_number(block, 124, 11, entry.size);
    put_number(block, 136, 11, static_cast<std::uint64_t>(std::max<std::int64_t>(entry.mtime, 0)));
    block[156] = entry.type;
    put(block, 157, 100, entry.link);
    put(block, 257, 8, std::string_view("ustar\00000", 8));
    put_number(block, 329, 7, entry.device_major);
    put_number(block, 337, 7, entry.device_minor);
    std::fill_n(block.begin() + 148, 8, ' ');
    unsigned sum = 0;
    for (const char c : block)
        sum += static_cast<unsigned char>(c);
    put_number(block, 148, 6, sum);
    block[154] = '\0';
    sink_.write(std::string_view(block.data(), block.size()));
}

void Writer::begin(const NewEntry& asked)
{
    NewEntry entry = asked;
    if (entry.type == '5' && !entry.name.ends_with('/'))
        entry.name += '/';
    std::string pax;
    if (entry.name.size() > 100)
        pax += pax_record("path", entry.name);
    if (entry.link.size() > 100)
        pax += pax_record("linkpath", entry.link);
    if (entry.size > most_octal(11))
        pax += pax_record("size", std::to_string(entry.size));
    if (entry.uid > most_octal(7))
        pax += pax_record("uid", std::to_string(entry.uid));
    if (entry.gid > most_octal(7))
        pax += pax_record("gid", std::to_string(entry.gid));
    if (entry.mtime < 0)
        pax += pax_record("mtime", std::to_string(entry.mtime));
    if (!pax.empty()) {
        header({.name = "PaxHeader", .type = 'x', .size = pax.size(), .mtime = entry.mtime});
        sink_.write(pax);
        sink_.write(std::string(static_cast<std::size_t>(padding(pax.size())), '\0'));
    }
    header(entry);
    left_ = entry.size;
    padding_ = padding(entry.size);
}

void Writer::write(std::span<const std::byte> data)
{
    if (data.size() > left_)
        throw Error(Errc::failed, "an entry is longer than its header says");
    sink_.write(data);
    left_ -= data.size();
}

void Writer::skip(std::uint64_t zeros)
{
    static const std::array<std::byte, 65536> nothing{};
    while (zeros > 0) {
        const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(zeros, nothing.size()));
        write(std::span(nothing).first(n));
        zeros -= n;
    }
}

void Writer::end()
{
    if (left_ > 0)
        throw Error(Errc::failed, "an entry is shorter than its header says");
    sink_.write(std::string(static_cast<std::size_t>(padding_), '\0'));
}

void Writer::finish()
{
    sink_.write(std::string(2 * block_size, '\0'));
}

} // namespace xenlab::tar
