// SPDX-License-Identifier: GPL-3.0-or-later
// ISO 9660, read only, with the names of Rock Ridge or Joliet where there are any. Formats:
// ECMA-119; IEEE P1281 (SUSP) and P1282 (RRIP) drafts; Microsoft's Joliet specification.
#pragma once

#include "mapped_file.hpp"

#include <xenlab/bytes/endian.hpp>
#include <xenlab/fs/filesystem.hpp>

#include <unordered_map>
#include <vector>

namespace xenlab::fs {

/// A node is the byte of the volume where the directory record lies; 0 is the root.
class Iso9660 final : public Filesystem {
  public:
    explicit Iso9660(block::BlockDevice& volume);

    [[nodiscard]] std::string type() const override { return "iso9660"; }
    [[nodiscard]] NodeId root() const override { return 0; }
    void list(NodeId directory, const Visit& visit) override;
    std::optional<Entry> find(NodeId directory, std::string_view name) override;
    Metadata stat(NodeId node) override;
    std::unique_ptr<block::BlockDevice> open(NodeId node, std::string_view stream) override;
    std::vector<block::Extent> map(NodeId node) override;

  private:
    struct Node {
        Metadata data;
        std::string name;
        std::vector<FileRun> runs;
        bool more = false; ///< the next record goes on with this file
    };

    void choose_tree();
    [[nodiscard]] Node parse(bytes::View record) const;
    void read_system_use(bytes::View area, Node& node) const;
    void take_entry(bytes::View field, Node& node, bool& name_goes_on, bool& link_goes_on) const;
    const Node& node_of(NodeId node) const;

    block::BlockDevice& volume_;
    std::uint64_t block_size_ = 2048;
    bool joliet_ = false;
    bool rock_ridge_ = false;
    std::size_t skip_ = 0; ///< bytes before system use entries
    std::unordered_map<NodeId, Node> nodes_;
};

} // namespace xenlab::fs
