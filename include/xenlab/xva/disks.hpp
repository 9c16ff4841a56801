// SPDX-License-Identifier: GPL-3.0-or-later
// The disks of an XVA, read forward from a stream or at random from a seekable file.
#pragma once

#include <xenlab/block/block_device.hpp>
#include <xenlab/block/forward_disks.hpp>
#include <xenlab/io/file_source.hpp>
#include <xenlab/xva/metadata.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace xenlab::xva {

/// A chunk whose checksum does not fit: told, not thrown, for the reader may want to see the rest.
using DamageHandler = std::function<void(const std::string& words)>;

/// Reads disks as they stream by. Chunks read whole are checked against their checksums.
class DiskStream final : public block::ForwardDisks {
  public:
    /// Reads up to the first chunk's header.
    DiskStream(std::unique_ptr<io::ByteSource> source, DamageHandler damaged);
    ~DiskStream() override;

    [[nodiscard]] const Metadata& metadata() const;
    std::optional<std::size_t> read(std::size_t disk, std::uint64_t offset,
                                    std::span<std::byte> buffer, std::uint64_t limit) override;
    [[nodiscard]] std::uint64_t taken() const override;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// An uncompressed XVA in a file that can seek: jumps from header to header, as far as needed, and
/// reads only the chunks asked for, each checked against its checksum.
class DiskIndex {
  public:
    DiskIndex(std::unique_ptr<io::FdSource> file, DamageHandler damaged);
    ~DiskIndex();
    DiskIndex(const DiskIndex&) = delete;
    DiskIndex& operator=(const DiskIndex&) = delete;

    [[nodiscard]] const Metadata& metadata() const;

    /// What the jumping has found so far, for another index of the same file; restore() before
    /// anything was read. It is false, and nothing has changed, for numbers that cannot be right;
    /// wrong ones that can are noticed when a chunk is read. Empty where the archive is damaged.
    [[nodiscard]] std::vector<std::uint64_t> save() const;
    bool restore(std::span<const std::uint64_t> numbers);
    /// Entries jumped over since the construction: what restore() would have saved.
    [[nodiscard]] std::uint64_t jumps() const noexcept;

    /// Disk number `disk`; borrows the index. All disks of an index belong to one thread.
    std::unique_ptr<block::BlockDevice> open(std::size_t disk);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace xenlab::xva
