// SPDX-License-Identifier: GPL-3.0-or-later
// An archive on its way into a pool: its document is read first, without losing a byte of a pipe.
#pragma once

#include <xenlab/io/byte_source.hpp>
#include <xenlab/io/decompress.hpp>
#include <xenlab/transfer/document.hpp>

#include <memory>
#include <optional>
#include <string>

namespace xenlab::transfer {

class Incoming {
  public:
    /// Reads up to the end of ova.xml. Throws Error{bad_data} for what is no XVA, with words for
    /// what it is instead (an HTML page, a disk image…).
    explicit Incoming(std::unique_ptr<io::ByteSource> bytes);
    ~Incoming();
    Incoming(const Incoming&) = delete;
    Incoming& operator=(const Incoming&) = delete;

    [[nodiscard]] const Document& document() const noexcept { return document_.value(); }
    [[nodiscard]] io::Compression compression() const noexcept { return compression_; }

    /// All bytes from the beginning, as they were. Once.
    std::unique_ptr<io::ByteSource> bytes();
    /// All bytes of the archive, decompressed, with another document in front. Once.
    std::unique_ptr<io::ByteSource> with_document(const Document& document);

  private:
    struct Recorder;
    class Replay;
    class Recording;

    std::shared_ptr<Recorder> recorder_;
    io::Compression compression_ = io::Compression::none;
    std::optional<Document> document_;
};

/// Whether the archive in the file is whole, from its headers alone. Throws Error{bad_data} for one
/// that is not; returns the bytes of disks that it holds. `file` is uncompressed and can seek.
std::uint64_t check_whole(io::ByteSource& file);

} // namespace xenlab::transfer
