// SPDX-License-Identifier: GPL-3.0-or-later
// Where a differencing VHD says that its parent is.
#pragma once

#include <xenlab/block/block_device.hpp>
#include <xenlab/block/vhd_image.hpp>

#include <string>
#include <vector>

namespace xenlab::block {

/// Paths to try, best first, without repetition. Locators that cannot be read are left out.
std::vector<std::string> parent_paths(const vhd::Header& header, BlockDevice& file,
                                      const std::string& child_path);

/// Everything up to the last slash: "." for a mere name.
std::string folder_of(const std::string& path);

/// What VhdOptions::open_parent is by default.
std::optional<VhdParent> open_parent_file(const std::string& path);

} // namespace xenlab::block
