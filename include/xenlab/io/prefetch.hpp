// SPDX-License-Identifier: GPL-3.0-or-later
// A bounded pipe between two threads.
#pragma once

#include <xenlab/io/byte_source.hpp>

#include <cstddef>
#include <memory>

namespace xenlab::io {

/// Runs `source` (a decompressor, say) in a thread of its own, `buffers` times `buffer_size` bytes
/// ahead of the reader. Errors arrive in order, after the bytes that came before them. Destroying
/// it early stops the thread after its read in progress; a source that can block must therefore
/// watch a stop_token.
std::unique_ptr<ByteSource> prefetch(std::unique_ptr<ByteSource> source,
                                     std::size_t buffer_size = 256U << 10U,
                                     std::size_t buffers = 4);

} // namespace xenlab::io
