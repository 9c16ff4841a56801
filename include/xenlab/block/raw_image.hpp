// SPDX-License-Identifier: GPL-3.0-or-later
// A disk as it is: a file, a block device, or a stream of its bytes.
#pragma once

#include <xenlab/block/block_device.hpp>
#include <xenlab/block/forward_disks.hpp>
#include <xenlab/io/byte_source.hpp>
#include <xenlab/io/fd.hpp>

#include <memory>
#include <string>

namespace xenlab::block {

/// A regular file or a block device, read-only.
class RawImage final : public BlockDevice {
  public:
    explicit RawImage(const std::string& path);
    [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override;
    std::vector<Extent> extents(std::uint64_t offset, std::uint64_t length) override;

  private:
    std::string path_;
    io::Fd fd_;
    std::uint64_t size_ = 0;
};

/// A raw disk that streams by; disk number 0.
class RawStream final : public ForwardDisks {
  public:
    explicit RawStream(std::unique_ptr<io::ByteSource> source) : source_(std::move(source)) {}
    std::optional<std::size_t> read(std::size_t disk, std::uint64_t offset,
                                    std::span<std::byte> buffer, std::uint64_t limit) override;
    [[nodiscard]] std::uint64_t taken() const override { return at_; }

  private:
    std::unique_ptr<io::ByteSource> source_;
    std::uint64_t at_ = 0;
    bool ended_ = false;
};

} // namespace xenlab::block
