// SPDX-License-Identifier: GPL-3.0-or-later
// Opens whatever a user names as a disk. Grammar (DISKSRC, xenlab(7)): an XVA or a raw image, plain
// or compressed with gzip or zstd, told by content; a VHD (fixed, dynamic, differencing with its
// parents); a qcow2 image, through qemu-nbd as a process; "-" for standard input; a block device;
// an http(s) URL; an NBD export (nbd://, nbds://, nbd+unix://); disks of a pool
// (vm:[CTX/]NAME[/DEVICE], vdi:UUID, snap:UUID).
//
// In this module: disk_source.hpp opens; commit.hpp writes changes back. What turns a stream into
// something that can be read at random (spooling to a sparse file) has a header of its own beside
// these, and is built on StreamSource's stream().
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

namespace xenlab::xva {
struct Metadata;
}

namespace xenlab::disksrc {

struct DiskInfo {
    std::string ref;                   ///< "Ref:2" in an XVA; empty for a raw disk
    std::string name;                  ///< name_label; empty for a raw disk
    std::optional<std::uint64_t> size; ///< bytes; nothing when only the end of a stream would tell
};

/// What the source turned out to be; compression is around it.
enum class SourceFormat { raw, xva, vhd, qcow2, nbd };

struct OpenOptions {
    std::uint64_t window_limit = 128ULL << 20U; ///< memory for a zstd window
    std::chrono::milliseconds timeout{0};       ///< silence of a server; 0: the default
    std::stop_token stop;
    std::function<void(const std::string&)> damaged; ///< a chunk does not match its checksum
    std::function<void(const std::string&)> warn;    ///< what is wrong but does not change the data
    std::function<void(const std::string&)> detail;  ///< how it is read, with -v
    /// A file of no known format is a raw disk, even if it begins like something else (text, say).
    bool any_content = false;
};

/// Disks that can be read at random, or else come by once. One thread.
class DiskSource {
  public:
    virtual ~DiskSource() = default;
    DiskSource(const DiskSource&) = delete;
    DiskSource& operator=(const DiskSource&) = delete;

    [[nodiscard]] const std::vector<DiskInfo>& disks() const noexcept { return disks_; }

    [[nodiscard]] SourceFormat format() const noexcept { return format_; }

    /// Disk number `disk`, or nullptr when the disks stream. Borrows the source. Everything but
    /// pipes, URLs of http(s), compressed data and a tar of one VDI has devices.
    virtual block::BlockDevice* device(std::size_t disk) = 0;
    /// The stream, or nullptr when there are devices.
    virtual block::ForwardDisks* stream() = 0;
    /// Makes a stream that can be stopped and kept (an export of a pool) into devices that fetch
    /// what is read. False when that cannot be.
    virtual bool fetch_on_demand() { return false; }
    /// Ends what is open on a server, which then can write there; reading from devices throws from
    /// then on.
    virtual void close() {}

  protected:
    DiskSource() = default;
    std::vector<DiskInfo> disks_;
    SourceFormat format_ = SourceFormat::raw;
};

/// What a --disk option names: a number from 0, a reference, or "all" and "" for every disk.
/// Throws Error{not_found}.
std::vector<std::size_t> choose_disks(const std::vector<DiskInfo>& disks,
                                      const std::string& wanted);

/// The same for who needs exactly one: "" is the only disk. Throws Error{ambiguous}.
std::size_t choose_disk(const std::vector<DiskInfo>& disks, const std::string& wanted);

inline std::vector<std::size_t> choose_disks(const DiskSource& source, const std::string& wanted)
{
    return choose_disks(source.disks(), wanted);
}
inline std::size_t choose_disk(const DiskSource& source, const std::string& wanted)
{
    return choose_disk(source.disks(), wanted);
}

/// The disks that an archive describes, in the order of their numbers.
std::vector<DiskInfo> disks_of(const xva::Metadata& metadata);

/// True for a name whose bytes come by once: "-", a pipe, an http(s) URL.
bool comes_once(const std::string& name);

/// Throws Error: not_found, unreachable, bad_data for content that is no disk, usage for a bad
/// name, precondition for a qcow2 image that qemu-nbd is missing for, or that names files outside
/// of its folder.
std::unique_ptr<DiskSource> open_disks(const std::string& name, const OpenOptions& options);

/// The bytes of a DISKSRC that is a stream of some kind (file, "-", URL), decompressed; for tools
/// that read archives as such. `threaded` decompresses in a thread of its own, reading ahead.
std::unique_ptr<io::ByteSource> open_bytes(const std::string& name, const OpenOptions& options,
                                           bool threaded);

} // namespace xenlab::disksrc
