// SPDX-License-Identifier: GPL-3.0-or-later
// The detectors: each gets the first bytes of a volume (up to probe_length) and knows one format. A
// detector fills in label and uuid if they are in those bytes.
#pragma once

#include "probe.hpp"

#include <xenlab/bytes/endian.hpp>
#include <xenlab/partition/table.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace xenlab::partition {

using Detected = std::optional<Content>;

inline Content content_of(std::string fs, std::string label, std::string uuid,
                          std::string version = {})
{
    return {.known = Known::yes,
            .fs = std::move(fs),
            .version = std::move(version),
            .label = std::move(label),
            .uuid = std::move(uuid)};
}

// detect_container.cpp
Detected detect_md(bytes::View head);
Detected detect_lvm2(bytes::View head);
Detected detect_luks(bytes::View head);
Detected detect_swap(bytes::View head);
Detected detect_zfs(bytes::View head);

// detect_microsoft.cpp
Detected detect_bitlocker(bytes::View head);
Detected detect_vfat(bytes::View head);
Detected detect_ntfs(bytes::View head);
Detected detect_exfat(bytes::View head);
Detected detect_refs(bytes::View head);

// detect_linux.cpp
Detected detect_xfs(bytes::View head);
Detected detect_ext(bytes::View head);
Detected detect_reiserfs(bytes::View head);
Detected detect_jfs(bytes::View head);
Detected detect_squashfs(bytes::View head);
Detected detect_btrfs(bytes::View head);
Detected detect_f2fs(bytes::View head);

// detect_optical.cpp
Detected detect_udf(bytes::View head);
Detected detect_iso9660(bytes::View head);

// detect_unix.cpp
Detected detect_hfs(bytes::View head);
Detected detect_apfs(bytes::View head);
Detected detect_ufs(bytes::View head);

/// A volume whose content was detected, while more of it is read. `content` is the caller's.
struct FollowUp {
    Requests& requests;
    Volume volume;
    Content& content;

    /// Asks for bytes of the volume. Refused: label_unread is set and `then` is not called.
    void ask(std::uint64_t offset, std::size_t length, std::function<void(bytes::View)> then) const;
};

// Labels that lie elsewhere: follow_*.cpp
void follow_vfat(const FollowUp& volume, bytes::View head);
void follow_exfat(const FollowUp& volume, bytes::View head);
void follow_ntfs(const FollowUp& volume, bytes::View head);
void follow_bitlocker(const FollowUp& volume, bytes::View head);
void follow_udf(const FollowUp& volume, bytes::View head);

// Formats that are not at the start: follow_*.cpp
void follow_md_at_end(const FollowUp& volume);
void follow_vmfs(const FollowUp& volume);

} // namespace xenlab::partition
