// SPDX-License-Identifier: GPL-3.0-or-later
// Opens whatever a user names as a disk. Grammar (DISKSRC, xenlab(7)): an XVA or a raw image, plain
// or compressed with gzip or zstd, told by content; "-" for standard input; a block device; an
// http(s) URL.
#pragma once

#include <xenlab/block/block_device.hpp>
#include <xenlab/block/forward_disks.hpp>
#include <xenlab/io/byte_source.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace xenlab::disksrc {

struct DiskInfo {
    std::string ref;                   ///< "Ref:2" in an XVA; empty for a raw disk
    std::string name;                  ///< name_label; empty for a raw disk
    std::optional<std::uint64_t> size; ///< bytes; nothing when only the end of a stream would tell
};

struct OpenOptions {
    std::uint64_t window_limit = 128ULL << 20U; ///< memory for a zstd window
    std::chrono::milliseconds timeout{0};       ///< silence of a server; 0: the default
    std::stop_token stop;
    std::function<void(const std::string&)> damaged; ///< a chunk does not match its checksum
};

/// Disks that can be read at random, or else come by once. One thread.
class DiskSource {
  public:
    virtual ~DiskSource() = default;
    DiskSource(const DiskSource&) = delete;
    DiskSource& operator=(const DiskSource&) = delete;

    [[nodiscard]] const std::vector<DiskInfo>& disks() const noexcept { return disks_; }

    /// Disk number `disk`, or nullptr when the disks stream. Borrows the source.
    virtual block::BlockDevice* device(std::size_t disk) = 0;
    /// The stream, or nullptr when there are devices.
    virtual block::ForwardDisks* stream() = 0;

  protected:
    DiskSource() = default;
    std::vector<DiskInfo> disks_;
};

/// Throws Error: not_found, unreachable, bad_data for content that is no disk, usage for a bad
/// name.
std::unique_ptr<DiskSource> open_disks(const std::string& name, const OpenOptions& options);

/// The bytes of a DISKSRC that is a stream of some kind (file, "-", URL), decompressed; for tools
/// that read archives as such. `threaded` decompresses in a thread of its own, reading ahead.
std::unique_ptr<io::ByteSource> open_bytes(const std::string& name, const OpenOptions& options,
                                           bool threaded);

} // namespace xenlab::disksrc
