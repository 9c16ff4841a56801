// SPDX-License-Identifier: GPL-3.0-or-later
// Disks of a pool out and in.
#pragma once

#include <xenlab/block/block_device.hpp>
#include <xenlab/io/byte_sink.hpp>
#include <xenlab/lab/connect.hpp>
#include <xenlab/xapi/fault.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace xenlab::transfer {

struct VdiExportOptions {
    std::string format = "raw"; ///< or "vhd"
    std::string base = {};      ///< uuid: only what differs from that disk (vhd)
    std::chrono::milliseconds patience{300'000};
    std::function<void(std::uint64_t done, std::uint64_t total)> progress = {};
};

/// The image as the server makes it, to `out`, without finishing that. A raw one must have the size
/// of the disk; a VHD must be whole, from its first footer to its last; and the task must have
/// ended well. Returns the bytes. Throws as export_vm.
std::uint64_t export_vdi(lab::Pool& pool, const xapi::Object<xapi::Vdi>& vdi, io::ByteSink& out,
                         const VdiExportOptions& options);

/// Bytes to any places of a disk that is there, in one request: xapi changes these bytes and no
/// others (xapi-observed.md 4). Destroyed without finish(), it breaks off: the server keeps what it
/// has, and fills the piece that it was reading with zeros.
class ExtentUpload {
  public:
    ExtentUpload(lab::Pool& pool, const xapi::Object<xapi::Vdi>& vdi,
                 std::chrono::milliseconds patience);
    ~ExtentUpload();
    ExtentUpload(const ExtentUpload&) = delete;
    ExtentUpload& operator=(const ExtentUpload&) = delete;

    /// Both must be multiples of 512.
    void write(std::uint64_t offset, std::span<const std::byte> data);
    /// Ends the request and waits for the verdict. Throws Fault, Error{timeout}.
    void finish();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// Whether that is how a server says that it takes whole disks only. It does so before it reads
/// anything: the constructor of ExtentUpload throws it, and the disk is as it was.
bool refuses_extents(const xapi::Fault& fault);

/// All bytes of a disk that is there, in their order. Broken off, the disk is half overwritten, and
/// where the break was, it may hold neither the old bytes nor the new.
class WholeUpload {
  public:
    WholeUpload(lab::Pool& pool, const xapi::Object<xapi::Vdi>& vdi,
                std::chrono::milliseconds patience);
    ~WholeUpload();
    WholeUpload(const WholeUpload&) = delete;
    WholeUpload& operator=(const WholeUpload&) = delete;

    void write(std::span<const std::byte> data);
    /// Once all bytes were written: waits for the verdict. Throws Fault, Error{timeout}.
    void finish();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// A VDI of our making: destroyed again unless keep() was called; marked meanwhile.
class NewVdi {
  public:
    NewVdi(lab::Pool& pool, const std::string& name, const xapi::Ref<xapi::Sr>& sr,
           std::uint64_t size);
    ~NewVdi();
    NewVdi(const NewVdi&) = delete;
    NewVdi& operator=(const NewVdi&) = delete;
    [[nodiscard]] const xapi::Object<xapi::Vdi>& vdi() const noexcept { return vdi_; }
    void keep();

  private:
    lab::Pool& pool_;
    xapi::Object<xapi::Vdi> vdi_;
    bool kept_ = false;
};

/// Copies what is no hole to a disk that reads as zeros; on a server that takes whole disks only,
/// all of it, after `warn` was told. Throws Error{precondition} for a disk that is smaller.
void fill_vdi(lab::Pool& pool, const xapi::Object<xapi::Vdi>& vdi, block::BlockDevice& from,
              std::chrono::milliseconds patience,
              const std::function<void(std::uint64_t done, std::uint64_t total)>& progress,
              const std::function<void(const std::string&)>& warn);

} // namespace xenlab::transfer
