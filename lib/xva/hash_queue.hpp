// SPDX-License-Identifier: GPL-3.0-or-later
// Chunks being hashed by other threads while the archive is read on. Results come back in order.
#pragma once

#include <xenlab/base/thread_pool.hpp>
#include <xenlab/io/hash.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <span>
#include <string>
#include <vector>

namespace xenlab::xva {

struct ChunkCheck {
    std::size_t disk = 0;
    std::string chunk;        ///< entry name as stored
    std::uint64_t offset = 0; ///< on the disk
    std::uint64_t length = 0;
    std::uint64_t archive_offset = 0;
    io::HashKind kind = io::HashKind::xxh64;
    std::string expected; ///< empty: there is nothing to compare with, only compute
};

/// Owned by one thread, which gets all callbacks.
class HashQueue {
  public:
    using Done = std::function<void(const ChunkCheck&, const std::string& computed)>;
    using Buffer = std::vector<std::byte>;

    HashQueue(unsigned threads, Done done);

    /// A buffer of at least `size` bytes. Waits for the oldest check when all are in use.
    Buffer take_buffer(std::size_t size);
    void give_back(Buffer buffer) { free_.push_back(std::move(buffer)); }

    /// Hashes the first check.length bytes of `buffer`.
    void submit(ChunkCheck check, Buffer buffer);
    /// A result known already, in its place in the order.
    void submit(ChunkCheck check, std::string computed);

    /// Waits for everything submitted.
    void drain();

  private:
    struct Pending {
        ChunkCheck check;
        Buffer buffer;
        std::future<std::string> computed;
    };
    void finish_oldest();

    Done done_;
    std::vector<Buffer> free_;
    std::deque<Pending> pending_; ///< references stay valid while others are added and removed
    ThreadPool pool_;             ///< last: its threads use the buffers
};

} // namespace xenlab::xva
