// SPDX-License-Identifier: GPL-3.0-or-later
// The volume name of NTFS: attribute 60h of $Volume, the file of record 3 of the master file table.
#include "detect.hpp"
#include "fat.hpp"
#include "sight.hpp"

#include <vector>

namespace xenlab::partition {
namespace {

// The last two bytes of each 512 are kept in the update sequence array (offset 4, count 6) and
// replaced by its number, so that a torn write shows. False if it does.
bool undo_fixups(std::vector<std::byte>& record)
{
    constexpr std::size_t stride = 512;
    const bytes::View view{record};
    const std::size_t array = bytes::le16(view, 4);
    const std::size_t count = bytes::le16(view, 6);
    if (count != record.size() / stride + 1 || !holds(view, array, 2 * count))
        return false;
    const std::uint16_t number = bytes::le16(view, array);
    for (std::size_t i = 1; i < count; ++i) {
        const std::size_t at = i * stride - 2;
        if (bytes::le16(view, at) != number)
            return false;
        bytes::store_le(std::span{record}, at, bytes::le16(view, array + 2 * i));
    }
    return true;
}

// First attribute 20; of each: type 0, length 4, and if resident (8 is 0) value length 16, value
// offset 20.
std::string volume_name(bytes::View record)
{
    constexpr std::uint32_t type_volume_name = 0x60;
    constexpr std::uint32_t type_end = 0xFFFFFFFF;
    std::size_t at = bytes::le16(record, 20);
    while (holds(record, at, 24)) {
        const bytes::View attribute = record.subspan(at);
        const std::uint32_t type = bytes::le32(attribute, 0);
        const std::uint32_t length = bytes::le32(attribute, 4);
        if (type == type_end || length < 24)
            break;
        const std::size_t value = bytes::le16(attribute, 20);
        const std::size_t size = bytes::le32(attribute, 16);
        if (type == type_volume_name)
            return bytes::u8(attribute, 8) == 0 && holds(attribute, value, size)
                       ? utf16le_field(attribute.subspan(value, size))
                       : std::string{};
        at += length;
    }
    return {};
}

} // namespace

void follow_ntfs(const FollowUp& volume, bytes::View head)
{
    constexpr std::uint64_t volume_record = 3;
    const auto geometry = ntfs_geometry(head);
    if (!geometry)
        return;
    const std::uint32_t size = geometry->record_size;
    volume.ask(geometry->mft + volume_record * size, size,
               [size, &into = volume.content](bytes::View data) {
                   std::vector<std::byte> record(data.begin(), data.end());
                   if (record.size() == size && has(record, 0, "FILE") && undo_fixups(record))
                       into.label = volume_name(record);
               });
}

} // namespace xenlab::partition
