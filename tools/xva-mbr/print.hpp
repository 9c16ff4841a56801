// SPDX-License-Identifier: GPL-3.0-or-later
// The forms in which xva-mbr answers.
#pragma once

#include "read_disks.hpp"

#include <string>

namespace xva_mbr {

/// Tables for people, or TSV rows.
void print_tables(const View& view, xenlab::cli::Context& context);

/// The JSON document (--json), or one a disk (--jsonl).
void print_json(const View& view, xenlab::cli::Context& context);

/// A script that sfdisk(8) accepts. Throws when there is no table or it was not read.
std::string sfdisk_dump(const DiskView& disk);

/// The layout as one line of boxes, `width` columns wide.
std::string layout_bar(const DiskView& disk, std::size_t width);

/// "Ref:2 "root disk"", or "disk" for a raw image.
std::string title_of(const DiskView& disk);

} // namespace xva_mbr
