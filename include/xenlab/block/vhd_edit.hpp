// SPDX-License-Identifier: GPL-3.0-or-later
// Changes of a disk written into its VHD, in place.
#pragma once

#include <xenlab/block/overlay.hpp>
#include <xenlab/block/undo_log.hpp>

#include <string>

namespace xenlab::block {

/// Writes the overlay's changes into the VHD at `path`, which the overlay's base reads: fixed,
/// dynamic or differencing (whose parents stay as they are). Blocks that the file does not have
/// are added at its end, zeros where a dynamic image has none are not. One change or none: see
/// InPlaceEdit. Throws Error, precondition when the file would need more than the format can
/// address.
void commit_to_vhd(Overlay& overlay, const std::string& path, const UndoOptions& options = {});

} // namespace xenlab::block
