// SPDX-License-Identifier: GPL-3.0-or-later
// A disk in VHD files: fixed, dynamic, or a chain of differencing images down to its base.
#pragma once

#include <xenlab/block/block_device.hpp>
#include <xenlab/block/vhd_format.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace xenlab::block {

/// A file that may be a parent.
struct VhdParent {
    std::unique_ptr<BlockDevice> file;
    std::string identity; ///< two opens of one file have the same
    /// When the file last changed, in seconds since vhd::epoch.
    std::optional<std::uint32_t> modified;
};

struct VhdOptions {
    /// Called with what is wrong but does not change the data: "child.vhd: …".
    std::function<void(const std::string&)> warn = {};
    /// Opens a candidate; nothing when there is no such file. By default: regular files and block
    /// devices.
    std::function<std::optional<VhdParent>(const std::string& path)> open_parent = {};
    /// Files in one chain; XenServer makes 30 at the most.
    unsigned max_depth = 64;
};

/// Read-only. One thread at a time. Throws Error.
///
/// The size is the footer's Current Size, also where Virtual PC's geometry is smaller (for images
/// of the creators "vpc ", "vs  " and "qemu", qemu-img shows only what the geometry covers).
///
/// Checked when opened, for every file of the chain (Error{bad_data}): checksums, versions, sizes
/// up to 2040 GiB, blocks of 2^n bytes from 512 to 256 MiB, at most 2^22 of them; that header,
/// block table and all blocks lie inside the file and overlap neither each other nor the other
/// structures. A damaged footer is replaced by the copy at the front, with a warning. The table is
/// read in pages: memory stays below 300 KiB a file, and 16 MiB while opening.
///
/// A parent is looked for, relative to the folder of the child ("Identification of the Parent Hard
/// Disk Image"): at the locators W2ru, W2ku and MacX, in that order, with "\" as "/" and without
/// drive letter; under the name in the header; last, under the locators' file names. The first file
/// with the right unique id counts. No such file: Error{not_found}; only files with another id:
/// Error{bad_data}. A changed parent (its time stamp) is a warning. A parent id of zeros means a
/// raw disk (blktap); since nothing proves that it is the right one, and a hostile image could name
/// any file, it must lie in the child's own folder.
class VhdImage final : public BlockDevice {
  public:
    explicit VhdImage(const std::string& path, const VhdOptions& options = {});
    /// `path` says where to look for parents, and is in front of messages.
    VhdImage(std::unique_ptr<BlockDevice> file, const std::string& path,
             const VhdOptions& options = {});
    ~VhdImage() override;

    [[nodiscard]] std::uint64_t size() const noexcept override;
    void read(std::uint64_t offset, std::span<std::byte> buffer) override;
    /// Holes are what no file of the chain has, and the holes of a raw or fixed base. As exact as
    /// the sector bitmaps: ask for a window at a time.
    std::vector<Extent> extents(std::uint64_t offset, std::uint64_t length) override;

    /// Of the image itself, not of its parents.
    [[nodiscard]] const vhd::Footer& footer() const noexcept;
    /// The files, the image itself first.
    [[nodiscard]] const std::vector<std::string>& chain() const noexcept;

  private:
    struct Found;
    class Chain;
    Found find(std::uint64_t offset, std::uint64_t length);

    std::unique_ptr<Chain> chain_;
};

} // namespace xenlab::block
