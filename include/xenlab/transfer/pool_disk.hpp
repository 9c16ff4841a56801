// SPDX-License-Identifier: GPL-3.0-or-later
// A disk of a pool, to be read. Best first: NBD, which is random access; an export as VHD, which
// leaves out what is not allocated; a raw export. An export is a stream: it is stopped as soon as
// what was wanted has come.
#pragma once

#include <xenlab/block/block_device.hpp>
#include <xenlab/block/forward_disks.hpp>
#include <xenlab/lab/connect.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace xenlab::transfer {

struct PoolDiskOptions {
    std::chrono::milliseconds patience{300'000};
    std::function<void(std::string_view)> detail = {}; ///< told which way was chosen, and why
    std::string directory = {}; ///< of temporary files; empty: $TMPDIR or /tmp
};

/// One thread. Everything it does on the server ends with it.
class PoolDisk {
  public:
    /// Asks whether the pool offers NBD, and connects.
    PoolDisk(lab::Pool& pool, xapi::Object<xapi::Vdi> vdi, PoolDiskOptions options);
    ~PoolDisk();
    PoolDisk(const PoolDisk&) = delete;
    PoolDisk& operator=(const PoolDisk&) = delete;

    [[nodiscard]] const xapi::Vdi& record() const noexcept;
    [[nodiscard]] std::uint64_t size() const noexcept;

    /// Read at random: over NBD, or from an export that is kept in a temporary file as far as it
    /// had to be fetched. Lives as long as this.
    block::BlockDevice& device();
    [[nodiscard]] bool has_nbd() const noexcept;
    /// Ends what is open on the server. The device stays, but cannot be read any more.
    void close();

    /// As ForwardDisks::read for this one disk.
    std::optional<std::size_t> read_forward(std::uint64_t offset, std::span<std::byte> buffer,
                                            std::uint64_t limit);
    [[nodiscard]] std::uint64_t taken() const noexcept;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace xenlab::transfer
