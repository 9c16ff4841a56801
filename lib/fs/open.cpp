// SPDX-License-Identifier: GPL-3.0-or-later
#include "exfat.hpp"
#include "ext.hpp"
#include "fat.hpp"
#include "iso9660.hpp"
#include "ntfs.hpp"
#include "xfs.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/fs/open.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace xenlab::fs {
namespace {

struct Refusal {
    std::string_view fs;
    std::string_view message;
    std::string_view hint;
};

constexpr std::string_view use_guestfish =
    "serve the disk with xva-disk --nbd and read it with guestfish";

constexpr std::array<Refusal, 12> refusals{{
    {"btrfs", "btrfs is not supported", use_guestfish},
    {"luks", "the volume is encrypted with LUKS", use_guestfish},
    {"bitlocker", "the volume is encrypted with BitLocker",
     "unlock it in the guest, or use dislocker on a raw copy"},
    {"linux_raid", "the volume is a member of a Linux RAID", use_guestfish},
    {"lvm2", "the volume is an LVM physical volume", "name a logical volume: vg/lv:/path"},
    {"swap", "the volume is swap space", ""},
    {"zfs_member", "ZFS is not supported", use_guestfish},
    {"refs", "ReFS is not supported", ""},
    {"udf", "UDF is not supported", use_guestfish},
    {"f2fs", "f2fs is not supported", use_guestfish},
    {"squashfs", "squashfs is not supported", "write the volume to a file and use unsquashfs"},
    {"apfs", "APFS is not supported", ""},
}};

std::unique_ptr<Filesystem> open_known(block::BlockDevice& volume,
                                       const partition::Content& content,
                                       const OpenOptions& options)
{
    if (content.fs == "ext2" || content.fs == "ext3" || content.fs == "ext4")
        return std::make_unique<Ext>(volume, content.fs, options);
    if (content.fs == "ntfs")
        return std::make_unique<Ntfs>(volume, options);
    if (content.fs == "vfat")
        return std::make_unique<Fat>(volume, options);
    std::unique_ptr<Filesystem> reader;
    if (content.fs == "exfat")
        reader = std::make_unique<ExFat>(volume);
    if (content.fs == "iso9660")
        reader = std::make_unique<Iso9660>(volume);
    if (content.fs == "xfs")
        reader = std::make_unique<Xfs>(volume, options);
    if (reader && options.access != Access::read)
        throw Error(Errc::precondition,
                    fmt::format("{} can be read, but not written here", content.fs));
    return reader;
}

} // namespace

std::unique_ptr<Filesystem> open(block::BlockDevice& volume, const partition::Content& content,
                                 const OpenOptions& options)
{
    if (content.known == partition::Known::unread)
        throw Error(Errc::precondition, "the volume was not read");
    if (auto filesystem = open_known(volume, content, options))
        return filesystem;
    const auto refusal = std::find_if(refusals.begin(), refusals.end(), [&](const Refusal& r) {
        return content.fs == r.fs || (r.fs == "luks" && content.fs.starts_with("crypto"));
    });
    if (refusal != refusals.end())
        throw Error(Errc::precondition, std::string(refusal->message), std::string(refusal->hint));
    if (content.fs.empty())
        throw Error(Errc::precondition, "no filesystem was recognised on the volume");
    throw Error(Errc::precondition,
                fmt::format("the filesystem {} is not supported", text::quoted(content.fs)),
                std::string(use_guestfish));
}

} // namespace xenlab::fs
