// SPDX-License-Identifier: GPL-3.0-or-later
// A disk written as it is.
#pragma once

#include <xenlab/block/disk_sink.hpp>
#include <xenlab/io/byte_sink.hpp>
#include <xenlab/io/output_file.hpp>

#include <cstdint>
#include <memory>
#include <span>

namespace xenlab::block {

/// To a file that is OutputFile::sparse(), zeros become holes, 16 KiB of the disk (from a multiple
/// of 16 KiB on) at a time. A device or pipe gets them as zeros. finish() makes the file as long as
/// the disk and commits it. Borrows the output.
class RawWriter final : public DiskSink {
  public:
    explicit RawWriter(io::OutputFile& file) : file_(&file) {}
    explicit RawWriter(io::ByteSink& sink) : sink_(&sink) {}

    /// On the descriptor that `sink` writes to (and has not written to yet). If that is a regular
    /// file which ends where the next byte goes, as after "> FILE", zeros become holes there, too;
    /// finish() leaves the position behind the disk.
    static std::unique_ptr<RawWriter> on_descriptor(int fd, io::ByteSink& sink);

    void write(std::span<const std::byte> data) override;
    void skip(std::uint64_t length) override;
    void finish() override;

    /// Zeros become holes: it is a file.
    [[nodiscard]] bool sparse() const { return fd_ >= 0 || (file_ != nullptr && file_->sparse()); }

  private:
    void write_sparse(std::span<const std::byte> data);
    void write_plain(std::span<const std::byte> data);
    void write_at(std::uint64_t offset, std::span<const std::byte> data);
    void finish_descriptor();

    io::OutputFile* file_ = nullptr;
    io::ByteSink* sink_ = nullptr; ///< one of the two
    int fd_ = -1;                  ///< of the sink, if holes are possible there
    std::uint64_t begin_ = 0;      ///< where the disk begins in fd_
    std::uint64_t at_ = 0;
};

} // namespace xenlab::block
