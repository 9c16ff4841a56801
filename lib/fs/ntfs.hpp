// SPDX-License-Identifier: GPL-3.0-or-later
// NTFS by libntfs-3g. Names and reparse points are decoded here, so that nothing depends on the
// locale.
#pragma once

#include <xenlab/fs/filesystem.hpp>
#include <xenlab/fs/open.hpp>

#include <memory>
#include <string>

namespace xenlab::fs {

class NtfsLibrary;

class Ntfs final : public Filesystem {
  public:
    Ntfs(block::BlockDevice& volume, const OpenOptions& options);
    ~Ntfs() override;

    [[nodiscard]] std::string type() const override { return "ntfs"; }
    [[nodiscard]] NodeId root() const override;
    [[nodiscard]] bool case_sensitive() const override { return false; }
    void list(NodeId directory, const Visit& visit) override;
    std::optional<Entry> find(NodeId directory, std::string_view name) override;
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
    void require_writable() const;

    bool writing_;
    std::unique_ptr<NtfsLibrary> library_;
};

} // namespace xenlab::fs
