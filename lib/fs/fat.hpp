// SPDX-License-Identifier: GPL-3.0-or-later
// FAT12, FAT16 and FAT32 with long names: our own reader and writer, since no library of Debian
// works on anything but paths of files.
#pragma once

#include "fat_names.hpp"
#include "fat_volume.hpp"

#include <xenlab/fs/filesystem.hpp>
#include <xenlab/fs/open.hpp>

namespace xenlab::fs {

/// A node is the byte of the volume where the file's 8.3 entry lies; 0 is the root.
class Fat final : public Filesystem {
  public:
    Fat(block::BlockDevice& volume, const OpenOptions& options);

    [[nodiscard]] std::string type() const override { return "vfat"; }
    [[nodiscard]] NodeId root() const override { return 0; }
    [[nodiscard]] bool case_sensitive() const override { return false; }
    void list(NodeId directory, const Visit& visit) override;
    Metadata stat(NodeId node) override;
    std::unique_ptr<block::BlockDevice> open(NodeId node, std::string_view stream) override;
    std::vector<block::Extent> map(NodeId node) override;

    NodeId write_file(NodeId directory, const std::string& name, block::BlockDevice& content,
                      const WriteOptions& options) override;
    NodeId make_directory(NodeId directory, const std::string& name,
                          const WriteOptions& options) override;
    void remove(NodeId directory, const std::string& name) override;
    void set_mode(NodeId node, std::uint32_t mode) override;
    void close() override;

  private:
    struct Item {
        std::string name;
        ShortName short_name{};
        std::vector<std::uint64_t> slots; ///< of the long entries and, last, of the 8.3 one
        unsigned attributes = 0;
        std::uint32_t cluster = 0;
    };
    using VisitItem = std::function<bool(const Item&)>;

    std::vector<std::byte> entry_at(NodeId node);
    std::uint32_t first_cluster(NodeId node);
    std::vector<FileRun> runs_of_directory(NodeId directory);
    void walk(NodeId directory, const VisitItem& visit);
    std::optional<Item> find_item(NodeId directory, std::string_view name);

    void require_writable() const;
    std::uint32_t store(block::BlockDevice& content);
    NodeId add_entry(NodeId directory, const std::string& name, std::vector<std::byte> entry);
    std::vector<std::uint64_t> free_slots(NodeId directory, std::size_t count);
    void set_content(NodeId node, std::uint32_t cluster, std::uint64_t size,
                     const WriteOptions& options);

    FatVolume volume_;
    bool writing_;
};

} // namespace xenlab::fs
