// SPDX-License-Identifier: GPL-3.0-or-later
// Disks that stream by, kept in temporary files so that they can be read at random.
#pragma once

#include <xenlab/disksrc/disk_source.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace xenlab::disksrc {

struct SpoolOptions {
    bool allowed = true; ///< false: Error{precondition} instead of spooling (--no-spool)
    std::string directory; ///< empty: $TMPDIR or /tmp; the files have no name there
    std::stop_token stop;
    std::function<void(std::uint64_t)> progress; ///< bytes of the stream taken so far
};

/// The same source when it can seek. Otherwise reads the stream to its end; zeros take no space in
/// the temporary files.
std::unique_ptr<DiskSource> spooled(std::unique_ptr<DiskSource> source, const SpoolOptions& options);

} // namespace xenlab::disksrc
