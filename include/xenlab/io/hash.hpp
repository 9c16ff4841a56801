// SPDX-License-Identifier: GPL-3.0-or-later
// The hashes that XVA archives carry.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace xenlab::io {

enum class HashKind {
    sha1, ///< ".checksum": 40 lower-case hex digits
    xxh64 ///< ".xxhash": XXH64 with seed 0, 16 upper-case hex digits of the big-endian value
};

/// The hash of `data` in the exact text form that xapi writes and compares.
/// (xen-api ocaml/xapi/stream_vdi.ml; format facts in man page xva-verify(1), CHECKSUMS.)
std::string hash_text(HashKind kind, std::span<const std::byte> data);

/// The same, piece by piece. Not thread-safe.
class Hasher {
  public:
    explicit Hasher(HashKind kind);
    ~Hasher();
    Hasher(Hasher&&) noexcept;
    Hasher& operator=(Hasher&&) noexcept;
    void update(std::span<const std::byte> data);
    /// The text; starts anew afterwards.
    std::string finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace xenlab::io
