// SPDX-License-Identifier: GPL-3.0-or-later
// Changes of a pool's disk on a server that takes no extents: the whole disk is read, kept as the
// undo log, and sent back with the changes in it.
#pragma once

#include <xenlab/lab/connect.hpp>

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>

namespace xenlab::disksrc {

struct WholeDisk {
    lab::Pool& pool;
    const xapi::Object<xapi::Vdi>& vdi;
    const std::string& log; ///< of pool_undo.hpp
    std::chrono::milliseconds patience;
    std::function<void(std::uint64_t bytes)> moved = {}; ///< to or from the server

    [[nodiscard]] std::uint64_t size() const
    {
        return static_cast<std::uint64_t>(vdi.record.virtual_size);
    }
};

/// Changes bytes of the old content into those of the new.
using Patch = std::function<void(std::uint64_t offset, std::span<std::byte>)>;

/// Reads the disk into the log, which is on disk when it returns. Throws Error{interrupted} when
/// `stop` is requested meanwhile, and leaves no log then or after another failure.
void keep_whole(const WholeDisk& disk, const std::stop_token& stop);

/// Sends the content of the log, patched, if there is a patch.
void send_whole(const WholeDisk& disk, const Patch& patch);

/// Reads the disk back. Throws Error{bad_data} where it differs from what send_whole() has sent.
void compare_whole(const WholeDisk& disk, const Patch& patch);

} // namespace xenlab::disksrc
