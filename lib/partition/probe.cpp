// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe.hpp"

#include "detect.hpp"

#include <xenlab/bytes/checked.hpp>

#include <algorithm>
#include <utility>

namespace xenlab::partition {
namespace {

struct Format {
    Detected (*detect)(bytes::View head);
    void (*follow)(const FollowUp& volume, bytes::View head); ///< null: all is in the head
};

// In blkid's order: containers before filesystems, because a container may hold what looks like
// one.
constexpr Format formats[] = {
    {detect_md, nullptr},       {detect_lvm2, nullptr},
    {detect_luks, nullptr},     {detect_bitlocker, follow_bitlocker},
    {detect_vfat, follow_vfat}, {detect_swap, nullptr},
    {detect_xfs, nullptr},      {detect_ext, nullptr},
    {detect_reiserfs, nullptr}, {detect_jfs, nullptr},
    {detect_udf, follow_udf},   {detect_iso9660, nullptr},
    {detect_zfs, nullptr},      {detect_hfs, nullptr},
    {detect_ufs, nullptr},      {detect_ntfs, follow_ntfs},
    {detect_refs, nullptr},     {detect_squashfs, nullptr},
    {detect_btrfs, nullptr},    {detect_exfat, follow_exfat},
    {detect_f2fs, nullptr},     {detect_apfs, nullptr},
};

std::pair<Content, const Format*> look(bytes::View head)
{
    for (const Format& format : formats)
        if (auto found = format.detect(head))
            return {std::move(*found), &format};
    return {Content{}, nullptr};
}

void head_read(const FollowUp& volume, bytes::View head)
{
    auto [content, format] = look(head);
    volume.content = std::move(content);
    if (format && format->follow)
        format->follow(volume, head);
    if (volume.volume.hint == Hint::raid && volume.content.fs != "linux_raid")
        follow_md_at_end(volume);
    if (volume.volume.hint == Hint::vmfs && !format)
        follow_vmfs(volume);
}

} // namespace

void FollowUp::ask(std::uint64_t offset, std::size_t length,
                   std::function<void(bytes::View)> then) const
{
    const auto start = bytes::checked_add(volume.start, offset);
    const bool inside = start && (!volume.size || offset < *volume.size);
    if (!inside)
        return then({});
    const std::uint64_t rest = volume.size.value_or(UINT64_MAX) - offset;
    requests.ask(*start, static_cast<std::size_t>(std::min<std::uint64_t>(length, rest)),
                 [&into = content, then = std::move(then)](const auto& data) {
                     if (!data)
                         into.label_unread = true;
                     else
                         then(*data);
                 });
}

Content recognise(bytes::View head)
{
    return look(head).first;
}

void probe_volume(Requests& requests, const Volume& volume, Content& content)
{
    const std::uint64_t length =
        std::min<std::uint64_t>(probe_length, volume.size.value_or(probe_length));
    requests.ask(volume.start, static_cast<std::size_t>(length),
                 [follow = FollowUp{requests, volume, content}](const auto& data) {
                     if (data)
                         head_read(follow, *data);
                 });
}

} // namespace xenlab::partition
