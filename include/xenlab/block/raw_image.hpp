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

enum class Access { read_only, read_write };

/// A regular file or a block device. Nothing is created and nothing grows by itself.
class RawImage final : public BlockDevice {
  public:
    explicit RawImage(const std::string& path, Access access = Access::read_only);
    [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override;
    std::vector<Extent> extents(std::uint64_t offset, std::uint64_t length) override;

    [[nodiscard]] bool writable() const noexcept override { return access_ == Access::read_write; }
    /// Inside size(). For edits that a crash must not leave half done, see InPlaceEdit.
    void write(std::uint64_t offset, std::span<const std::byte> data) override;
    /// fdatasync(2).
    void flush() override;

    /// Cuts the file, or lengthens it with zeros. Throws Error{precondition} for a block device.
    void resize(std::uint64_t size);

    /// For when another process may have changed it.
    void update_size();

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  private:
    std::string path_;
    Access access_;
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
