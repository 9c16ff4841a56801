// SPDX-License-Identifier: GPL-3.0-or-later
// qcow2 images, read by qemu-nbd in a process of its own over a socket in a private folder.
#pragma once

#include <xenlab/block/block_device.hpp>
#include <xenlab/nbd/client.hpp>

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace xenlab::disksrc {

/// A qcow2 file may name a backing file and a data file, and qemu opens whatever it names. What
/// comes from elsewhere could so show any file of this machine as a disk. Therefore a backing file
/// must lie in the image's own folder, and be a qcow2 image (checked the same way) or declared raw.
/// Throws Error: precondition for any other, bad_data for a damaged header, a loop or a chain of
/// more than 64 files. Returns the files, the image first.
/// Format facts: qemu docs/interop/qcow2.txt, "Header" and "Header extensions".
std::vector<std::string> check_qcow2_chain(const std::string& path);

/// Read-only. The process ends with the device. Throws Error{precondition} when qemu-nbd is not
/// installed, Error{bad_data} with qemu's words when it cannot read the image.
std::unique_ptr<block::BlockDevice>
open_qcow2(const std::string& path, const nbd::ClientOptions& options, const std::stop_token& stop);

} // namespace xenlab::disksrc
