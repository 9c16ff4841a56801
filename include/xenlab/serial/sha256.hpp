// SPDX-License-Identifier: GPL-3.0-or-later
// SHA-256 (FIPS 180-4) and HMAC (FIPS 198-1) for the guest agent, which has nothing but the
// standard library. Elsewhere xenlab uses OpenSSL.
#pragma once

#include <xenlab/bytes/endian.hpp>

#include <array>

namespace xenlab::serial {

using Digest = std::array<std::byte, 32>;

class Sha256 {
  public:
    Sha256();
    void update(bytes::View data);
    /// The digest of all so far; more may follow.
    [[nodiscard]] Digest digest() const;

  private:
    void block(const std::byte* data);

    std::array<std::uint32_t, 8> state_;
    std::array<std::byte, 64> pending_{};
    std::uint64_t length_ = 0;
};

Digest hmac_sha256(bytes::View key, bytes::View message);

/// Takes the same time wherever the first difference is.
bool equal_digests(bytes::View a, bytes::View b) noexcept;

} // namespace xenlab::serial
