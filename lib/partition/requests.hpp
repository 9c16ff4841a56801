// SPDX-License-Identifier: GPL-3.0-or-later
// What a Scan still wants to read, lowest offset first, and the bytes it read last.
#pragma once

#include <xenlab/bytes/endian.hpp>
#include <xenlab/partition/scan.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace xenlab::partition {

/// Called once with the bytes, valid during the call, or with nothing if they were refused. Fewer
/// bytes than asked for: the disk ends there.
using Reply = std::function<void(std::optional<bytes::View>)>;

/// Keeps a window of the bytes read last, because ranges that are asked for touch and overlap (a
/// table and a partition at sector 63, a superblock and a directory behind it) and a stream cannot
/// go back. Of a range that reaches out of the window only the rest is wanted.
class Requests {
  public:
    explicit Requests(std::optional<std::uint64_t> disk_size) : disk_size_(disk_size) {}

    /// A reply may ask for more. `length` <= max_length.
    void ask(std::uint64_t offset, std::size_t length, Reply reply);

    /// Answers what can be answered without reading. Call after the first ask().
    void settle();

    [[nodiscard]] std::optional<Want> next() const;
    void supply(bytes::View data);
    void refuse();

    static constexpr std::size_t max_length = std::size_t{128} << 10;

  private:
    struct Request {
        std::size_t length;
        Reply reply;
    };
    using Pending = std::multimap<std::uint64_t, Request>;

    [[nodiscard]] std::size_t clipped(std::uint64_t offset, std::size_t length) const;
    [[nodiscard]] std::optional<bytes::View> in_window(std::uint64_t offset,
                                                       std::size_t length) const;
    [[nodiscard]] std::uint64_t window_end() const { return window_start_ + window_.size(); }
    void keep(std::uint64_t offset, bytes::View data);
    Request take(Pending::iterator at);

    std::optional<std::uint64_t> disk_size_;
    Pending pending_;
    std::uint64_t window_start_ = 0;
    std::vector<std::byte> window_;
};

} // namespace xenlab::partition
