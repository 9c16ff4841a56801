// SPDX-License-Identifier: GPL-3.0-or-later
// Names that lie further inside: BitLocker's metadata, UDF's volume descriptors, VMFS.
#include "detect.hpp"
#include "sight.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::partition {
namespace {

using namespace std::string_view_literals;

// libbde, "BDE format", section 5: a block header of 64 bytes, then the metadata header: size 0,
// volume identifier 16, entries from 48 on with size 0, type 2, value type 4, value 8.
void bitlocker_metadata(bytes::View data, Content& into)
{
    constexpr std::uint16_t entry_description = 7;
    constexpr std::uint16_t value_string = 2;
    if (!has(data, 0, "-FVE-FS-") || !holds(data, 64, 48))
        return;
    const bytes::View metadata = data.subspan(64);
    into.version = fmt::format("{}", bytes::le16(data, 10));
    into.uuid = text::to_lower(format_guid(metadata.subspan(16, 16)));
    const bytes::View entries =
        metadata.first(std::min<std::size_t>(metadata.size(), bytes::le32(metadata, 0)));
    for (std::size_t at = 48; holds(entries, at, 8);) {
        const bytes::View entry = entries.subspan(at);
        const std::uint16_t size = bytes::le16(entry, 0);
        if (size < 8 || size > entry.size())
            break;
        if (bytes::le16(entry, 2) == entry_description && bytes::le16(entry, 4) == value_string) {
            into.label = utf16le_field(entry.subspan(8, size - 8U));
            break;
        }
        at += size;
    }
}

} // namespace

// The metadata's place is at 176, To Go at 440; Vista has none there.
void follow_bitlocker(const FollowUp& volume, bytes::View head)
{
    if (has(head, 0, "\xEB\x52\x90"sv))
        return;
    const bool to_go = has(head, 3, "MSWIN4.1");
    const std::uint64_t at = bytes::le64(head, to_go ? 440 : 176);
    volume.ask(at, 64 << 10,
               [&into = volume.content](bytes::View data) { bitlocker_metadata(data, into); });
}

namespace {

// ECMA-167 3/7.2: descriptor tags: identifier 0, location 12.
constexpr std::uint16_t tag_primary = 1;
constexpr std::uint16_t tag_anchor = 2;
constexpr std::uint16_t tag_logical = 6;
constexpr std::uint16_t tag_end = 8;

bool is_tag(bytes::View block, std::uint16_t tag, std::uint64_t location)
{
    return holds(block, 0, 512) && bytes::le16(block, 0) == tag &&
           bytes::le32(block, 12) == location;
}

// OSTA compressed unicode: 8 or 16 bits a character, told by the first byte; the last byte is the
// length.
std::string dstring(bytes::View field)
{
    const std::size_t length =
        std::min<std::size_t>(bytes::u8(field, field.size() - 1), field.size() - 1);
    if (length < 2)
        return {};
    const bytes::View data = field.subspan(1, length - 1);
    if (bytes::u8(field, 0) == 16)
        return utf16be_field(data);
    std::vector<std::byte> wide;
    for (const std::byte b : data)
        wide.insert(wide.end(), {b, std::byte{0}});
    return utf16le_field(wide);
}

bool is_hex(std::string_view text)
{
    return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

// blkid's rule: the first 16 bytes of the volume set identifier if they are hexadecimal, or the
// bytes that are not written in it.
std::string udf_uuid(const std::string& set)
{
    const auto hex_of = [](std::string_view text) {
        std::string out;
        for (const char c : text)
            out += fmt::format("{:02x}", static_cast<unsigned char>(c));
        return out;
    };
    const std::string_view id = std::string_view{set}.substr(0, 16);
    if (id.size() < 8)
        return {};
    if (!is_hex(id.substr(0, 8)))
        return hex_of(id.substr(0, 8));
    if (id.size() < 16 || !is_hex(id))
        return text::to_lower(id.substr(0, 8)) + hex_of(id.substr(8, 4));
    return text::to_lower(id);
}

// Primary volume descriptor: volume set identifier 72. Logical volume descriptor: identifier 84,
// revision 240.
void udf_descriptors(bytes::View sequence, std::uint32_t location, std::size_t block, Content& into)
{
    for (std::size_t at = 0; holds(sequence, at, 512); at += block, ++location) {
        const bytes::View d = sequence.subspan(at, 512);
        if (bytes::le32(d, 12) != location || bytes::le16(d, 0) == tag_end)
            break;
        if (is_tag(d, tag_primary, location) && into.uuid.empty())
            into.uuid = udf_uuid(dstring(d.subspan(72, 128)));
        if (!is_tag(d, tag_logical, location) || !into.label.empty())
            continue;
        into.label = dstring(d.subspan(84, 128));
        const std::uint16_t revision = bytes::le16(d, 240); // in BCD
        into.version = fmt::format("{:x}.{:02x}", revision >> 8, revision & 0xFF);
    }
}

// The anchor is at block 256, and how long a block is only the anchor tells.
void udf_anchor(const FollowUp& volume, std::size_t block)
{
    constexpr std::uint64_t anchor = 256;
    constexpr std::uint32_t most = 32 << 10;
    constexpr std::size_t largest_block = 4096;
    volume.ask(anchor * block, 512, [=](bytes::View data) {
        if (!is_tag(data, tag_anchor, anchor)) {
            if (block < largest_block)
                udf_anchor(volume, block * 2);
            return;
        }
        const std::uint32_t length = std::min(bytes::le32(data, 16), most);
        const std::uint32_t location = bytes::le32(data, 20);
        volume.ask(std::uint64_t{location} * block, length,
                   [=, &into = volume.content](bytes::View sequence) {
                       udf_descriptors(sequence, location, block, into);
                   });
    });
}

} // namespace

void follow_udf(const FollowUp& volume, bytes::View /*head*/)
{
    udf_anchor(volume, 512);
}

// vmfs-tools, vmfs_volume.h: at 1 MiB a volume header, behind it at 512 + 20 the name of the
// logical volume; at 2 MiB the filesystem's, whose label is at 29.
void follow_vmfs(const FollowUp& volume)
{
    constexpr std::uint64_t mib = 1 << 20;
    volume.content.known = Known::unread;
    volume.ask(mib, 1024, [volume](bytes::View data) {
        volume.content.known = Known::no;
        if (!has(data, 0, "\x0D\xD0\x01\xC0"sv) || !holds(data, 0, 1024))
            return;
        volume.content = content_of("vmfs", {}, text_field(data.subspan(532, 35)));
        volume.ask(2 * mib, 512, [&into = volume.content](bytes::View super) {
            if (has(super, 0, "\x5E\xF1\xAB\x2F"sv) && holds(super, 29, 128))
                into.label = text_field(super.subspan(29, 128));
        });
    });
}

} // namespace xenlab::partition
