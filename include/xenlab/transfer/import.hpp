// SPDX-License-Identifier: GPL-3.0-or-later
// An XVA into a pool. It is verified while it is sent, so that damage is told by chunk and disk and
// not by what an importer makes of it; and the verdict is that of the server's task, since the
// server often resets the connection when it has all it wants (xapi-observed.md 6).
#pragma once

#include <xenlab/lab/connect.hpp>
#include <xenlab/transfer/incoming.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace xenlab::transfer {

/// What a pool must have; asked before a byte is sent.
struct Requirements {
    xapi::Ref<xapi::Sr> sr;                 ///< null: the pool's default
    bool keep_identity = false;             ///< uuid and MACs of the archive
    std::optional<std::uint64_t> data = {}; ///< bytes of disks in the archive, if known
};

/// Throws Error{precondition} for: no SR, or one that cannot hold disks or has too little space;
/// networks that the pool does not have; a uuid or MAC that is taken already (with keep_identity);
/// an archive of a newer host. Error{bad_data} for records that lack fields. Every reason is in
/// the message.
void check_requirements(lab::Pool& pool, const Document& document, const Requirements& wanted);

struct ImportOptions {
    xapi::Ref<xapi::Sr> sr;
    bool keep_identity = false;
    std::chrono::milliseconds patience{300'000};
    /// Bytes of the disks that are known to be done, and of all. Holes count when the server says
    /// that it has passed them: so it does not wait at the end while they are filled.
    std::function<void(std::uint64_t done, std::uint64_t total)> progress = {};
    std::function<void(std::string_view)> note = {};
};

/// Sends the archive; returns the new VMs. Throws, with nothing left behind: Error{bad_data} for a
/// damaged archive, Fault for what the server refuses, Error{timeout}, Error{interrupted}, and
/// what `archive` throws.
std::vector<xapi::Ref<xapi::Vm>> import_vm(lab::Pool& pool, const std::string& name,
                                           std::unique_ptr<io::ByteSource> archive,
                                           const ImportOptions& options);

} // namespace xenlab::transfer
