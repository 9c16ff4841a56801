// SPDX-License-Identifier: GPL-3.0-or-later
// The volume labels of FAT and exFAT, which are entries of the root directory. It is mostly the
// first entry, but may be in any cluster if the volume was named later.
#include "detect.hpp"
#include "fat.hpp"
#include "sight.hpp"

#include <xenlab/bytes/checked.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace xenlab::partition {
namespace {

constexpr std::size_t entry_size = 32;
constexpr unsigned max_clusters = 16;

enum class Found { label, end, neither };

// FAT specification 1.03 section 6: name 0, attributes 11, first cluster 20 and 26. Byte 0: 0 ends
// the directory, E5 is a deleted entry, 05 stands for a real E5.
Found fat_entry(bytes::View e, std::string& label)
{
    constexpr std::uint8_t volume_id = 0x08;
    constexpr std::uint8_t directory = 0x10;
    constexpr std::uint8_t long_name = 0x0F;
    const std::uint8_t first = bytes::u8(e, 0);
    const std::uint8_t attributes = bytes::u8(e, 11) & 0x3F;
    if (first == 0)
        return Found::end;
    if (first == 0xE5 || attributes == long_name ||
        (attributes & (volume_id | directory)) != volume_id || bytes::le16(e, 20) != 0 ||
        bytes::le16(e, 26) != 0)
        return Found::neither;
    label = text_field(e.first(11));
    return Found::label;
}

// exFAT specification 7.3: type 83h, length in characters 1, UTF-16 from 2 on.
Found exfat_entry(bytes::View e, std::string& label)
{
    const std::uint8_t type = bytes::u8(e, 0);
    if (type == 0)
        return Found::end;
    if (type != 0x83)
        return Found::neither;
    label = utf16le_field(e.subspan(2, std::min<std::size_t>(bytes::u8(e, 1), 11) * 2));
    return Found::label;
}

class RootDirectory : public std::enable_shared_from_this<RootDirectory> {
  public:
    RootDirectory(const FollowUp& volume, const FatGeometry& geometry)
        : volume_(volume), geometry_(geometry)
    {
    }

    void start()
    {
        if (geometry_.bits < 32)
            read_part(geometry_.heap, geometry_.cluster_size);
        else
            read_cluster(geometry_.root_cluster);
    }

  private:
    void read_cluster(std::uint32_t cluster)
    {
        if (cluster < 2 || cluster - 2 >= geometry_.clusters || clusters_++ >= max_clusters)
            return;
        cluster_ = cluster;
        read_part(geometry_.heap + (cluster - 2) * geometry_.cluster_size, geometry_.cluster_size);
    }

    // Clusters of exFAT can be as long as 32 MiB.
    void read_part(std::uint64_t offset, std::uint64_t length)
    {
        const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(length, 64 << 10));
        volume_.ask(offset, part, [self = shared_from_this(), part](bytes::View data) {
            if (data.size() == part && !self->search(data) && self->geometry_.bits >= 32)
                self->read_link();
        });
    }

    bool search(bytes::View data)
    {
        for (std::size_t at = 0; at + entry_size <= data.size(); at += entry_size) {
            const bytes::View entry = data.subspan(at, entry_size);
            std::string label;
            const Found found =
                geometry_.bits == 64 ? exfat_entry(entry, label) : fat_entry(entry, label);
            if (found == Found::label)
                volume_.content.label = std::move(label);
            if (found != Found::neither)
                return true;
        }
        return false;
    }

    // Lies in front of what was read: a stream has to refuse it.
    void read_link()
    {
        volume_.ask(geometry_.fat + std::uint64_t{cluster_} * 4, 4,
                    [self = shared_from_this()](bytes::View data) {
                        if (data.size() == 4)
                            self->read_cluster(bytes::le32(data, 0) & 0x0FFFFFFF);
                    });
    }

    FollowUp volume_;
    FatGeometry geometry_;
    std::uint32_t cluster_ = 0;
    unsigned clusters_ = 0;
};

void follow(const FollowUp& volume, const std::optional<FatGeometry>& geometry)
{
    if (geometry)
        std::make_shared<RootDirectory>(volume, *geometry)->start();
}

} // namespace

void follow_vfat(const FollowUp& volume, bytes::View head)
{
    follow(volume, fat_geometry(head));
}

void follow_exfat(const FollowUp& volume, bytes::View head)
{
    follow(volume, exfat_geometry(head));
}

} // namespace xenlab::partition
