// SPDX-License-Identifier: GPL-3.0-or-later
// A VM as an XVA, proven while it streams:
//
//   /export ─ prefetch (a buffer for slow readers) ─ tee ─ decompress ─ xva::verify
//                                                     └── the sink
//
// An export is good when three agree: every chunk with its checksum and every disk with its size
// (xva::verify), the end of the stream, and the task of the server, which answers 200 before it
// begins (xapi.md 2).
#pragma once

#include <xenlab/io/byte_sink.hpp>
#include <xenlab/lab/connect.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace xenlab::transfer {

struct ExportOptions {
    std::string compression = {};   ///< by the server: "zstd", "gzip", or none
    std::size_t buffer = 8U << 20U; ///< what is taken from the server before `out` takes it
    std::chrono::milliseconds patience{300'000}; ///< nothing moves for so long: Error{timeout}
    std::function<void()> started = {};          ///< called once when the first bytes have come
    /// Work done and in all. It is measured by where in the disks the stream is, each disk counting
    /// as much as it takes on its SR: the server's own progress means nothing for thin disks.
    std::function<void(std::uint64_t done, std::uint64_t total)> progress = {};
    std::function<void(std::string_view)> note = {};
};

struct Exported {
    std::uint64_t bytes = 0; ///< written to the sink
    std::uint64_t disks = 0;
    std::uint64_t chunks = 0;
};

/// Writes the archive of a halted VM or a snapshot to `out`, without finishing it. Blocks. Throws,
/// with nothing left behind on the server: Fault for what the server refuses and for a task that
/// fails, Error{bad_data} for an archive that is damaged or not whole though the server calls it
/// good, Error{timeout}, Error{interrupted}, and what `out` throws.
Exported export_vm(lab::Pool& pool, const xapi::Object<xapi::Vm>& vm, io::ByteSink& out,
                   const ExportOptions& options);

} // namespace xenlab::transfer
