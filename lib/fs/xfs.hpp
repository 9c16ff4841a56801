// SPDX-License-Identifier: GPL-3.0-or-later
// XFS, versions 4 and 5, read only. The log is not replayed: what a crashed guest had only there is
// missing, and a note says so.
#pragma once

#include "xfs_format.hpp"

#include <xenlab/fs/open.hpp>

#include <memory>
#include <string>

namespace xenlab::fs {

/// A node is an inode's number.
class Xfs final : public Filesystem {
  public:
    Xfs(block::BlockDevice& volume, const OpenOptions& options);

    [[nodiscard]] std::string type() const override { return "xfs"; }
    [[nodiscard]] NodeId root() const override { return geometry_.root; }
    [[nodiscard]] bool case_sensitive() const override { return geometry_.case_sensitive; }
    void list(NodeId directory, const Visit& visit) override;
    Metadata stat(NodeId node) override;
    std::unique_ptr<block::BlockDevice> open(NodeId node, std::string_view stream) override;
    std::vector<block::Extent> map(NodeId node) override;

  private:
    [[nodiscard]] std::string link_target(const xfs::Inode& inode) const;

    block::BlockDevice& volume_;
    xfs::Geometry geometry_;
};

namespace xfs {

/// The entries of a small directory, which lie in its inode. False when `visit` had enough.
bool list_short(const Geometry& geometry, bytes::View fork, const Filesystem::Visit& visit);

/// The entries in a block of data of the directory `owner`.
bool list_block(const Geometry& geometry, bytes::View block, std::uint64_t owner,
                const Filesystem::Visit& visit);

} // namespace xfs

} // namespace xenlab::fs
