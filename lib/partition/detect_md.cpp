// SPDX-License-Identifier: GPL-3.0-or-later
#include "detect_md.hpp"

#include "sight.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace xenlab::partition {
namespace {

constexpr std::uint32_t md_magic = 0xA92B4EFC;
constexpr std::uint64_t reserved = 0x10000; ///< 0.90 keeps the last 64-128 KiB for itself

// linux/raid/md_p.h: the sum of the superblock's words with sb_csum (216) taken as zero, folded
// once; it covers 256 bytes and two for each of max_dev (220) devices.
bool sum_is_right(bytes::View sb)
{
    constexpr std::uint32_t most_devices = 4096;
    const std::uint32_t devices = bytes::le32(sb, 220);
    const std::size_t length = 256 + 2 * std::size_t{devices};
    if (devices > most_devices || !holds(sb, 0, length))
        return false;
    std::uint64_t sum = 0;
    for (std::size_t at = 0; at + 4 <= length; at += 4)
        sum += bytes::le32(sb, at);
    if (length % 4 != 0)
        sum += bytes::le16(sb, length - 2);
    sum -= bytes::le32(sb, 216);
    return static_cast<std::uint32_t>((sum >> 32) + (sum & 0xFFFFFFFF)) == bytes::le32(sb, 216);
}

template <typename Load>
Detected md0_fields(bytes::View sb, Load load)
{
    const auto word = [&](std::size_t index) { return load(sb, 4 * index); };
    if (word(0) != md_magic || word(1) != 0)
        return std::nullopt;
    const bool whole = word(2) >= 90; // before 0.90 the set's number was shorter
    const std::uint32_t second = whole ? word(13) : 0;
    const std::uint32_t third = whole ? word(14) : 0;
    std::string uuid =
        fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:04x}{:08x}", word(5), second >> 16,
                    second & 0xFFFF, third >> 16, third & 0xFFFF, whole ? word(15) : 0);
    return content_of("linux_raid", {}, std::move(uuid),
                      fmt::format("{}.{}.{}", word(1), word(2), word(3)));
}

} // namespace

// Offsets: magic 0, major version 4, set uuid 16, set name 32, super_offset in sectors 144.
Detected detect_md1(bytes::View data, std::uint64_t offset, std::string version)
{
    if (!holds(data, 0, 256) || bytes::le32(data, 0) != md_magic || bytes::le32(data, 4) != 1 ||
        bytes::le64(data, 144) != offset / 512 || !sum_is_right(data))
        return std::nullopt;
    return content_of("linux_raid", text_field(data.subspan(32, 32)),
                      format_uuid(data.subspan(16, 16)), std::move(version));
}

// Words in the byte order of the machine: magic 0, version 1-3, set uuid 5 and 13-15.
Detected detect_md0(bytes::View data)
{
    if (!holds(data, 0, 64))
        return std::nullopt;
    if (auto found = md0_fields(data, bytes::le32))
        return found;
    return md0_fields(data, bytes::be32);
}

Detected detect_md(bytes::View head)
{
    if (auto found = detect_md1(head, 0, "1.1"))
        return found;
    constexpr std::size_t v12 = 4096;
    return holds(head, v12, 256) ? detect_md1(head.subspan(v12), v12, "1.2") : std::nullopt;
}

void follow_md_at_end(const FollowUp& volume)
{
    if (!volume.volume.size || *volume.volume.size < reserved)
        return;
    const std::uint64_t size = *volume.volume.size;
    const std::uint64_t v090 = size / reserved * reserved - reserved;
    const std::uint64_t v10 = size >= 0x3000 ? size / 0x1000 * 0x1000 - 0x2000 : 0;
    auto& into = volume.content;
    volume.requests.ask(volume.volume.start + v090, static_cast<std::size_t>(size - v090),
                        [=, &into](const auto& data) {
                            if (!data) {
                                // A mirror's filesystem begins at the front of each member: it must
                                // not be taken for one.
                                into = {};
                                into.known = Known::unread;
                                return;
                            }
                            const auto behind = [&](std::uint64_t at) {
                                const auto skip = static_cast<std::size_t>(at - v090);
                                return data->subspan(std::min(data->size(), skip));
                            };
                            if (auto found = detect_md0(*data))
                                into = std::move(*found);
                            else if (auto later = detect_md1(behind(v10), v10, "1.0"))
                                into = std::move(*later);
                        });
}

} // namespace xenlab::partition
