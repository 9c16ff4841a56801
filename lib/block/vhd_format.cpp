// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/base/utf8.hpp>
#include <xenlab/block/vhd_format.hpp>
#include <xenlab/bytes/hex.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <string_view>

namespace xenlab::block::vhd {

namespace {

constexpr std::string_view footer_cookie = "conectix";
constexpr std::string_view header_cookie = "cxsparse";
constexpr std::uint32_t format_version = 0x00010000;
constexpr std::uint32_t features = 2; // "Reserved": this bit must always be set
constexpr std::size_t footer_checksum_at = 64;
constexpr std::size_t header_checksum_at = 36;
constexpr std::uint32_t max_block_size = 256U << 20U;

bool starts_with(bytes::View data, std::string_view cookie) noexcept
{
    return data.size() >= cookie.size() &&
           std::equal(cookie.begin(), cookie.end(), data.begin(),
                      [](char c, std::byte b) { return static_cast<std::byte>(c) == b; });
}

// One's complement of the sum of all bytes, with the checksum itself as zero.
std::uint32_t checksum(bytes::View data, std::size_t checksum_at)
{
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < data.size(); ++i)
        if (i - checksum_at >= sizeof(std::uint32_t))
            sum += std::to_integer<std::uint32_t>(data[i]);
    return ~sum;
}

void check(bytes::View data, std::string_view cookie, std::size_t checksum_at,
           std::size_t version_at, std::string_view what)
{
    if (!starts_with(data, cookie))
        throw Error(Errc::bad_data, fmt::format("no VHD {}", what));
    if (bytes::be32(data, checksum_at) != checksum(data, checksum_at))
        throw Error(Errc::bad_data, fmt::format("the checksum of the VHD {} is wrong", what));
    const std::uint32_t version = bytes::be32(data, version_at);
    if (version >> 16U != format_version >> 16U)
        throw Error(Errc::bad_data, fmt::format("VHD {} of unknown version {}.{}", what,
                                                version >> 16U, version & 0xFFFFU));
}

template <std::size_t N>
std::array<char, N> characters(bytes::View data, std::size_t at)
{
    std::array<char, N> out{};
    std::transform(data.begin() + static_cast<std::ptrdiff_t>(at),
                   data.begin() + static_cast<std::ptrdiff_t>(at + N), out.begin(),
                   [](std::byte b) { return static_cast<char>(b); });
    return out;
}

void put(std::span<std::byte> data, std::size_t at, std::string_view text)
{
    std::transform(text.begin(), text.end(), data.begin() + static_cast<std::ptrdiff_t>(at),
                   [](char c) { return static_cast<std::byte>(c); });
}

Uuid uuid_at(bytes::View data, std::size_t at)
{
    Uuid uuid{};
    std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(at), uuid.size(), uuid.begin());
    return uuid;
}

// UTF-16BE up to the first NUL. blktap 0.1 wrote the byte order of its machine, with a mark.
std::string parent_name(bytes::View field)
{
    const bool little = bytes::le16(field, 0) == 0xFEFF;
    const bool marked = little || bytes::be16(field, 0) == 0xFEFF;
    std::string le;
    for (std::size_t at = marked ? 2 : 0; at + 1 < field.size(); at += 2) {
        const std::uint16_t unit = little ? bytes::le16(field, at) : bytes::be16(field, at);
        if (unit == 0)
            break;
        le += static_cast<char>(unit & 0xFFU);
        le += static_cast<char>(unit >> 8U);
    }
    return text::utf16le_to_utf8(le);
}

} // namespace

Geometry geometry_of(std::uint64_t sectors) noexcept
{
    constexpr std::uint64_t most = std::uint64_t{65535} * 16 * 255;
    sectors = std::min(sectors, most);
    std::uint64_t per_track = 255;
    std::uint64_t heads = 16;
    if (sectors < std::uint64_t{65535} * 16 * 63) {
        per_track = 17;
        heads = std::max<std::uint64_t>((sectors / per_track + 1023) / 1024, 4);
        if (sectors / per_track >= heads * 1024 || heads > 16) {
            per_track = 31;
            heads = 16;
        }
        if (sectors / per_track >= heads * 1024) {
            per_track = 63;
            heads = 16;
        }
    }
    return {.cylinders = static_cast<std::uint16_t>(sectors / per_track / heads),
            .heads = static_cast<std::uint8_t>(heads),
            .sectors_per_track = static_cast<std::uint8_t>(per_track)};
}

Footer decode_footer(bytes::View data)
{
    std::array<std::byte, footer_size> whole{};
    std::copy_n(data.begin(), std::min<std::size_t>(data.size(), footer_size), whole.begin());
    check(whole, footer_cookie, footer_checksum_at, 12, "footer");
    const std::uint32_t type = bytes::be32(whole, 60);
    if (type < static_cast<std::uint32_t>(Type::fixed) ||
        type > static_cast<std::uint32_t>(Type::differencing))
        throw Error(Errc::bad_data, fmt::format("VHD of unknown disk type {}", type));
    Footer footer{.data_offset = bytes::be64(whole, 16),
                  .timestamp = bytes::be32(whole, 24),
                  .creator_application = characters<4>(whole, 28),
                  .creator_version = bytes::be32(whole, 32),
                  .creator_host_os = characters<4>(whole, 36),
                  .original_size = bytes::be64(whole, 40),
                  .current_size = bytes::be64(whole, 48),
                  .geometry = {bytes::be16(whole, 56), bytes::u8(whole, 58), bytes::u8(whole, 59)},
                  .type = static_cast<Type>(type),
                  .uuid = uuid_at(whole, 68)};
    if (footer.current_size > max_disk_size)
        throw Error(Errc::bad_data,
                    fmt::format("VHD of a disk of {} bytes; 2040 GiB is the most there can be",
                                footer.current_size));
    return footer;
}

Header decode_header(bytes::View data)
{
    data = data.first(header_size);
    check(data, header_cookie, header_checksum_at, 24, "header");
    Header header{.table_offset = bytes::be64(data, 16),
                  .max_table_entries = bytes::be32(data, 28),
                  .block_size = bytes::be32(data, 32),
                  .parent_uuid = uuid_at(data, 40),
                  .parent_timestamp = bytes::be32(data, 56),
                  .parent_name = parent_name(data.subspan(64, 512))};
    if (!std::has_single_bit(header.block_size) || header.block_size < sector_size ||
        header.block_size > max_block_size)
        throw Error(Errc::bad_data, fmt::format("VHD with blocks of {} bytes", header.block_size));
    for (std::size_t i = 0; i < header.locators.size(); ++i) {
        const bytes::View entry = data.subspan(576 + 24 * i, 24);
        header.locators.at(i) = {.platform = bytes::be32(entry, 0),
                                 .data_length = bytes::be32(entry, 8),
                                 .data_offset = bytes::be64(entry, 16)};
    }
    return header;
}

std::array<std::byte, footer_size> encode_footer(const Footer& footer)
{
    std::array<std::byte, footer_size> data{};
    put(data, 0, footer_cookie);
    bytes::store_be(data, 8, features);
    bytes::store_be(data, 12, format_version);
    bytes::store_be(data, 16, footer.data_offset);
    bytes::store_be(data, 24, footer.timestamp);
    put(data, 28, {footer.creator_application.data(), footer.creator_application.size()});
    bytes::store_be(data, 32, footer.creator_version);
    put(data, 36, {footer.creator_host_os.data(), footer.creator_host_os.size()});
    bytes::store_be(data, 40, footer.original_size);
    bytes::store_be(data, 48, footer.current_size);
    bytes::store_be(data, 56, footer.geometry.cylinders);
    bytes::store_be(data, 58, footer.geometry.heads);
    bytes::store_be(data, 59, footer.geometry.sectors_per_track);
    bytes::store_be(data, 60, static_cast<std::uint32_t>(footer.type));
    std::copy(footer.uuid.begin(), footer.uuid.end(), data.begin() + 68);
    bytes::store_be(data, footer_checksum_at, checksum(data, footer_checksum_at));
    return data;
}

std::array<std::byte, header_size> encode_header(const Header& header)
{
    std::array<std::byte, header_size> data{};
    put(data, 0, header_cookie);
    bytes::store_be(data, 8, ~std::uint64_t{0}); // Data Offset: currently unused
    bytes::store_be(data, 16, header.table_offset);
    bytes::store_be(data, 24, format_version);
    bytes::store_be(data, 28, header.max_table_entries);
    bytes::store_be(data, 32, header.block_size);
    bytes::store_be(data, header_checksum_at, checksum(data, header_checksum_at));
    return data;
}

bool is_vhd(bytes::View head, bytes::View tail) noexcept
{
    return starts_with(head, footer_cookie) || starts_with(tail, footer_cookie) ||
           (tail.size() == footer_size && starts_with(tail.subspan(1), footer_cookie));
}

std::string to_string(const Uuid& uuid)
{
    std::string text = bytes::to_hex(uuid);
    for (const std::size_t at : {8U, 13U, 18U, 23U})
        text.insert(at, 1, '-');
    return text;
}

} // namespace xenlab::block::vhd
