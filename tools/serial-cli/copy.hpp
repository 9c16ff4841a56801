// SPDX-License-Identifier: GPL-3.0-or-later
// One file to the guest or from it, whole and checked by SHA-256, going on where it stopped when
// the guest's agent was started anew in the middle.
#pragma once

#include "client.hpp"

#include <xenlab/cli/progress.hpp>

#include <optional>
#include <string>

namespace xenlab::serial_cli {

struct CopyOptions {
    bool resume = false;
    bool keep = true; ///< mode and time of modification
    std::optional<std::uint32_t> mode;
    cli::Progress* progress = nullptr;
};

struct Copied {
    std::uint64_t size = 0;
    std::uint64_t resumed_at = 0;
    bool changed = false; ///< the source changed while it was read
    std::string sha256;
    std::string path; ///< put: where it is in the guest
};

/// `local` may be "-". Throws Error.
Copied put_file(Client& client, const std::string& local, const std::string& guest,
                const CopyOptions& options);
/// Writes LOCAL.part and renames it at the end; what has arrived stays for --resume.
Copied get_file(Client& client, const std::string& guest, const std::string& local,
                const CopyOptions& options);

struct GuestEntry {
    std::string path; ///< relative to what was listed; empty for itself
    char kind = 'o';
    std::uint64_t size = 0, mtime = 0;
    std::uint32_t mode = 0;
    std::string target;
};

/// What is at a path of the guest and below it. Nothing in it can be trusted.
std::vector<GuestEntry> list_guest(Client& client, const std::string& guest);
/// One request that is answered by DONE: mkdir, link.
void request_done(Client& client, serial::Op op, const serial::Message& message);

} // namespace xenlab::serial_cli
