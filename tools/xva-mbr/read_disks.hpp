// SPDX-License-Identifier: GPL-3.0-or-later
// Gets the partition tables of a DISKSRC, reading no more of it than the user allows.
#pragma once

#include "edit.hpp"

#include <xenlab/cli/context.hpp>
#include <xenlab/disksrc/disk_source.hpp>
#include <xenlab/partition/table.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xva_mbr {

struct Options {
    std::string source; ///< empty: standard input, unless that is a terminal
    std::string disk;   ///< "", "all", a number from 0, or a reference
    bool complete = false;
    bool sfdisk = false;
    bool raw = false;
    bool bar = false;
    std::uint64_t memory_limit = 128ULL << 20U;
    EditOptions edit;
};

struct DiskView {
    xenlab::disksrc::DiskInfo info;
    std::optional<xenlab::partition::Table> table; ///< nothing: not read from this stream
    std::vector<std::byte> first_sector;           ///< 512 bytes, unless unread
};

struct View {
    std::vector<DiskView> disks;
    std::vector<std::string> damage; ///< what made parts unreadable, or what was read doubtful
    [[nodiscard]] bool complete() const;
};

View read_disks(const Options& options, const xenlab::cli::Context& context);

} // namespace xva_mbr
