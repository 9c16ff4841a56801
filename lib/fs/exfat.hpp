// SPDX-License-Identifier: GPL-3.0-or-later
// exFAT, read only. Format: Microsoft, "exFAT file system specification" (published 2019).
#pragma once

#include "mapped_file.hpp"

#include <xenlab/fs/filesystem.hpp>

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace xenlab::fs {

/// A node is the byte of the volume where the file's entry set begins; 0 is the root.
class ExFat final : public Filesystem {
  public:
    explicit ExFat(block::BlockDevice& volume);

    [[nodiscard]] std::string type() const override { return "exfat"; }
    [[nodiscard]] NodeId root() const override { return 0; }
    [[nodiscard]] bool case_sensitive() const override { return false; }
    void list(NodeId directory, const Visit& visit) override;
    Metadata stat(NodeId node) override;
    std::unique_ptr<block::BlockDevice> open(NodeId node, std::string_view stream) override;
    std::vector<block::Extent> map(NodeId node) override;

  private:
    struct Node {
        bool directory = false;
        bool read_only = false;
        bool contiguous = false; ///< no chain in the FAT
        std::uint32_t cluster = 0;
        std::uint64_t size = 0;
        std::uint64_t valid = 0; ///< what lies behind reads as zeros
        std::uint32_t time = 0;
    };

    const Node& node_of(NodeId node) const;
    std::vector<FileRun> runs_of(const Node& node);

    block::BlockDevice& volume_;
    std::uint64_t fat_ = 0;
    std::uint64_t heap_ = 0;
    std::uint64_t cluster_size_ = 0;
    std::uint32_t clusters_ = 0;
    std::unordered_map<NodeId, Node> nodes_; ///< those that were listed
};

} // namespace xenlab::fs
