// SPDX-License-Identifier: GPL-3.0-or-later
// What xva-disk can do, one function each. All throw xenlab::Error and return the exit code.
#pragma once

#include <xenlab/cli/context.hpp>
#include <xenlab/disksrc/disk_source.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace xva_disk {

struct Options {
    std::vector<std::string> sources;
    std::string disk; ///< "", a number from 0, or a reference
    std::string to = "raw";
    bool no_verify = false;
    bool map = false;
    std::string socket; ///< --nbd
    std::string undo;   ///< the file to roll back
    bool pack = false;
    std::string name; ///< --pack: of the VM
    std::uint64_t memory = std::uint64_t{1} << 30U;
    unsigned vcpus = 1;
    std::string firmware = "bios";
    std::string checksum = "xxhash";
    std::uint64_t memory_limit = 128ULL << 20U;
};

/// Writes a disk as raw or VHD.
int extract(const Options& options, xenlab::cli::Context& context);

/// Lists where the data of a disk is.
int print_map(const Options& options, xenlab::cli::Context& context);

/// Serves the disks until interrupted.
int serve(const Options& options, xenlab::cli::Context& context);

/// Writes an archive.
int pack(const Options& options, xenlab::cli::Context& context);

/// How all of them open a source. Damage is thrown, or with --no-verify a warning.
xenlab::disksrc::OpenOptions open_options(const Options& options,
                                          const xenlab::cli::Context& context);

} // namespace xva_disk
