// SPDX-License-Identifier: GPL-3.0-or-later
// Changes of a master boot record.
#pragma once

#include <xenlab/cli/context.hpp>

#include <string>

namespace xva_mbr {

struct EditOptions {
    int active = -1;       ///< partition to make active, 0 for none; -1: leave
    std::string signature; ///< "5ca1ab1e" or "0x5ca1ab1e"; empty: leave
    std::string boot_code; ///< a file; empty: leave
    bool in_place = false;

    [[nodiscard]] bool any() const
    {
        return active >= 0 || !signature.empty() || !boot_code.empty();
    }
};

/// Changes the first sector of disk `disk` of the source, in place or to -o.
int edit(const EditOptions& options, const std::string& source, const std::string& disk,
         std::uint64_t memory_limit, xenlab::cli::Context& context);

} // namespace xva_mbr
