// SPDX-License-Identifier: GPL-3.0-or-later
// zstd (RFC 8878) on the way out.
#pragma once

#include <xenlab/io/byte_sink.hpp>

#include <memory>

namespace xenlab::io {

struct ZstdOptions {
    int level = 3;
    unsigned threads = 1; ///< besides the writing one
};

/// Compresses into one frame with a checksum of its content. Borrows `out`; finish() ends the frame
/// and finishes `out`. Memory is bounded: some MiB for each thread.
class ZstdSink final : public ByteSink {
  public:
    explicit ZstdSink(ByteSink& out, const ZstdOptions& options = {});
    ~ZstdSink() override;
    using ByteSink::write;
    void write(std::span<const std::byte> data) override;
    /// What was written so far can be decompressed by the reader.
    void flush() override;
    void finish() override;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace xenlab::io
