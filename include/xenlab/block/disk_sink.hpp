// SPDX-License-Identifier: GPL-3.0-or-later
// Where a disk is written to, from front to end: raw, VHD, a pipe. The counterpart of ForwardDisks.
#pragma once

#include <xenlab/block/block_device.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>

namespace xenlab::block {

/// One thread at a time. Throws xenlab::Error (BrokenPipe when the reader of a pipe has gone).
class DiskSink {
  public:
    virtual ~DiskSink() = default;
    DiskSink(const DiskSink&) = delete;
    DiskSink& operator=(const DiskSink&) = delete;

    /// The next bytes of the disk. Zeros among them may become holes.
    virtual void write(std::span<const std::byte> data) = 0;

    /// The next `length` bytes are zeros.
    virtual void skip(std::uint64_t length) = 0;

    /// Must be called when the whole disk was written; only then does the output count as complete.
    virtual void finish() = 0;

  protected:
    DiskSink() = default;
};

struct CopyOptions {
    std::stop_token stop = {}; ///< Error{interrupted} when requested
    /// Called after every piece with the bytes of the disk done so far.
    std::function<void(std::uint64_t)> progress = {};
};

/// Writes all of a disk, without reading its holes. Does not finish() the sink.
void sparse_copy(BlockDevice& disk, DiskSink& sink, const CopyOptions& options = {});

/// Whether all of `data` is zero. At memory speed; at once when the front is not.
bool is_zero(std::span<const std::byte> data) noexcept;

} // namespace xenlab::block
