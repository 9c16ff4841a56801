// SPDX-License-Identifier: GPL-3.0-or-later
// ext2, ext3 and ext4. Superblock, inodes and all changes by libext2fs; content and directories are
// read by our own code, which hostile trees cannot lead astray.
#pragma once

#include "ext_library.hpp"
#include "ext_map.hpp"

#include <xenlab/block/overlay.hpp>
#include <xenlab/bytes/endian.hpp>
#include <xenlab/fs/filesystem.hpp>
#include <xenlab/fs/open.hpp>

#include <memory>
#include <string>

namespace xenlab::fs {

class Ext final : public Filesystem {
  public:
    Ext(block::BlockDevice& volume, std::string type, const OpenOptions& options);

    [[nodiscard]] std::string type() const override { return type_; }
    [[nodiscard]] NodeId root() const override { return EXT2_ROOT_INO; }
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
    void refuse_unsafe() const;
    void recover(block::BlockDevice& volume, const OpenOptions& options);
    std::unique_ptr<block::BlockDevice> content_of(ext2_ino_t number, const ext2_inode& inode);
    std::vector<std::byte> inline_data(ext2_ino_t number, const ext2_inode& inode);
    bool list_block(bytes::View block, const Visit& visit) const;
    void require_writable() const;
    void write_content(ext2_ino_t number, block::BlockDevice& content);
    ext2_ino_t create(ext2_ino_t directory, const std::string& name, std::uint32_t mode);
    void link(ext2_ino_t directory, const std::string& name, ext2_ino_t number, int type);
    void release(ext2_ino_t number);

    std::string type_;
    bool writing_;
    std::unique_ptr<block::Overlay> replayed_; ///< over a volume whose journal is dirty
    std::unique_ptr<ExtLibrary> library_;
};

} // namespace xenlab::fs
