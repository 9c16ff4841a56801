// SPDX-License-Identifier: GPL-3.0-or-later
// Images as Clonezilla keeps them: a folder of small text files and the partitions' data
// (/home/partimag/NAME; clonezilla 5.3.17, ocs-functions: task_saveparts,
// dump_software_info_in_img).
#pragma once

#include <xenlab/drbl/job.hpp>
#include <xenlab/drbl/records.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xenlab::drbl {

struct ImageDisk {
    std::string name;
    std::uint64_t size = 0;   ///< of the disk it was saved from, bytes; 0 unknown
    std::uint64_t needed = 0; ///< end of its last partition, bytes; 0 unknown
};

struct ImagePartition {
    std::string name;
    std::string filesystem; ///< "ext4", "ntfs", "swap"; empty unknown
    std::string tool;       ///< "partclone", "dd", "partimage", "ntfsclone", "swap"; empty: no data
    std::string compression; ///< "gz", "zst"…; empty none or unknown
    std::uint64_t stored = 0;
};

struct Image {
    std::string name;
    enum class Kind { disk, parts, pseudo, unknown } kind = Kind::unknown;
    std::vector<ImageDisk> disks;
    std::vector<ImagePartition> partitions;
    std::uint64_t stored = 0;          ///< bytes on the server
    std::int64_t modified = 0;         ///< the newest file, seconds since 1970
    std::string saved_at;              ///< "2026-11-25 21:58:40 UTC" by the log in the image
    std::string id;                    ///< IMG_ID, the SHA-512 of its log; empty in old images
    bool checksums = false;            ///< MD5SUMS or another list inside
    bool encrypted = false;            ///< ecryptfs: the server edition cannot restore it
    bool complete = false;             ///< saving it came to its end
    std::vector<std::string> problems; ///< why it cannot be restored as it is
};

/// Topic "images". Images whose names are not ours to use are in the list, too.
std::vector<Image> read_images(const std::vector<Record>& records);

std::string_view name_of(Image::Kind kind) noexcept;

/// What speaks against restoring `image` with `job`: words that end it, and words of warning.
struct Fitness {
    std::vector<std::string> blockers, warnings;
};

/// A disk of a client whose size somebody knows: the user (client empty: of each one) or a pool.
struct TargetDisk {
    std::string client;
    std::string disk; ///< "sda", as in the job
    std::uint64_t size = 0;
};
Fitness judge(const Image& image, const Job& job, const std::vector<TargetDisk>& targets);

} // namespace xenlab::drbl
