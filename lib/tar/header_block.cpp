// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/tar/header_block.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::tar {
namespace {

// POSIX.1-2017 pax, "ustar Interchange Format": name 0, mode 100, uid 108, gid 116, size 124,
// mtime 136, chksum 148, typeflag 156, linkname 157, magic 257, prefix 345.
constexpr std::size_t name_size = 100;
constexpr std::size_t size_at = 124;
constexpr std::size_t mtime_at = 136;
constexpr std::size_t sum_at = 148;
constexpr std::size_t sum_size = 8;
constexpr std::size_t prefix_at = 345;
constexpr std::size_t prefix_size = 155;
constexpr std::uint64_t max_octal = (std::uint64_t{1} << 33U) - 1; ///< eleven digits

void put(HeaderBlock& block, std::size_t at, std::string_view text)
{
    std::transform(text.begin(), text.end(), block.begin() + static_cast<std::ptrdiff_t>(at),
                   [](char c) { return std::byte(static_cast<unsigned char>(c)); });
}

void put_name(HeaderBlock& block, std::string_view name)
{
    if (name.empty() || name.size() > max_name)
        throw Error(Errc::failed,
                    fmt::format("{} does not fit into a tar header", text::quoted(name)));
    std::fill_n(block.begin(), name_size, std::byte{0});
    put(block, 0, name);
}

void put_size(HeaderBlock& block, std::uint64_t size)
{
    if (size > max_octal)
        throw Error(Errc::failed, fmt::format("{} bytes do not fit into a tar entry", size));
    put(block, size_at, fmt::format("{:011o}", size));
}

enum class SumForm { v7, posix, npm };

SumForm form_of(std::span<const std::byte> block)
{
    if (block[sum_at + 7] == std::byte{' '})
        return SumForm::posix;
    return block[sum_at + 6] == std::byte{' '} ? SumForm::npm : SumForm::v7;
}

void put_sum(HeaderBlock& block, SumForm form)
{
    std::fill_n(block.begin() + sum_at, sum_size, std::byte{' '});
    unsigned sum = 0;
    for (const std::byte b : block)
        sum += std::to_integer<unsigned>(b);
    using namespace std::string_view_literals;
    put(block, sum_at,
        form == SumForm::v7 ? fmt::format("{:07o}", sum) : fmt::format("{:06o}", sum));
    put(block, sum_at + (form == SumForm::v7 ? 7 : 6),
        form == SumForm::v7      ? "\0"sv
        : form == SumForm::posix ? "\0 "sv
                                 : " \0"sv);
}

} // namespace

HeaderBlock v7_header(std::string_view name, std::uint64_t size, std::uint64_t mtime)
{
    HeaderBlock block{};
    put_name(block, name);
    put(block, name_size, "0000400");
    put(block, name_size + 8, "0000000");
    put(block, name_size + 16, "0000000");
    put_size(block, size);
    put(block, mtime_at, fmt::format("{:011o}", mtime & max_octal));
    put_sum(block, SumForm::v7);
    return block;
}

HeaderBlock header_like(std::span<const std::byte> like, std::string_view name, std::uint64_t size)
{
    HeaderBlock block{};
    std::copy_n(like.begin(), block.size(), block.begin());
    const SumForm form = form_of(block);
    put_name(block, name);
    using namespace std::string_view_literals;
    const bool ustar = std::equal(block.begin() + 257, block.begin() + 263, "ustar\0"sv.begin(),
                                  [](std::byte b, char c) { return b == std::byte(c); });
    if (ustar) // a long name was split; this one fits without
        std::fill_n(block.begin() + prefix_at, prefix_size, std::byte{0});
    // A size in base 256 leaves no digit-free byte at the end.
    if (block[size_at + 11] != std::byte{' '})
        block[size_at + 11] = std::byte{0};
    put_size(block, size);
    put_sum(block, form);
    return block;
}

} // namespace xenlab::tar
