// SPDX-License-Identifier: GPL-3.0-or-later
// A disk written in a thread of its own, while the next part of it is read and hashed.
#pragma once

#include <xenlab/base/thread_pool.hpp>
#include <xenlab/block/disk_sink.hpp>

#include <deque>
#include <future>
#include <memory>
#include <vector>

namespace xenlab::block {

/// Passes everything on to `sink`, in order, a few writes behind. What fails there is thrown by a
/// later write() or by finish(), which waits for everything and finishes `sink` in the caller's
/// thread. Destroying it waits for the write in progress, so `sink` must not be a pipe whose reader
/// may stall.
class WriteBehind final : public DiskSink {
  public:
    explicit WriteBehind(std::unique_ptr<DiskSink> sink) : sink_(std::move(sink)) {}

    void write(std::span<const std::byte> data) override;
    void skip(std::uint64_t length) override { skipped_ += length; }
    void finish() override;

  private:
    struct Pending {
        std::vector<std::byte> data;
        std::future<void> done;
    };
    void finish_oldest();

    std::unique_ptr<DiskSink> sink_;
    std::uint64_t skipped_ = 0;                ///< since the last write()
    std::vector<std::vector<std::byte>> free_; ///< buffers to use again
    std::deque<Pending> pending_;              ///< references stay valid while it grows and shrinks
    ThreadPool pool_{1};                       ///< last: its thread uses the buffers
};

} // namespace xenlab::block
