// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/serial/sha256.hpp>

#include <algorithm>
#include <bit>
#include <vector>

namespace xenlab::serial {
namespace {

// FIPS 180-4, 4.2.2
constexpr std::array<std::uint32_t, 64> constants{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

} // namespace

Sha256::Sha256()
    : state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
             0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}
{
}

void Sha256::block(const std::byte* data)
{
    std::array<std::uint32_t, 64> w{};
    const bytes::View view(data, 64);
    for (std::size_t i = 0; i < 16; ++i)
        w[i] = bytes::be32(view, i * 4);
    for (std::size_t i = 16; i < 64; ++i) {
        const std::uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + w[i - 7] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ (a >> 3U)) +
               (std::rotr(b, 17) ^ std::rotr(b, 19) ^ (b >> 10U));
    }
    auto [a, b, c, d, e, f, g, h] = state_;
    for (std::size_t i = 0; i < 64; ++i) {
        const std::uint32_t t1 = h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) +
                                 ((e & f) ^ (~e & g)) + constants[i] + w[i];
        const std::uint32_t t2 =
            (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    const std::array<std::uint32_t, 8> next{a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < 8; ++i)
        state_[i] += next[i];
}

void Sha256::update(bytes::View data)
{
    std::size_t filled = length_ % 64;
    length_ += data.size();
    if (filled != 0) {
        const std::size_t part = std::min(data.size(), 64 - filled);
        std::copy_n(data.begin(), part, pending_.begin() + static_cast<std::ptrdiff_t>(filled));
        data = data.subspan(part);
        filled += part;
        if (filled < 64)
            return;
        block(pending_.data());
    }
    while (data.size() >= 64) {
        block(data.data());
        data = data.subspan(64);
    }
    std::ranges::copy(data, pending_.begin());
}

Digest Sha256::digest() const
{
    Sha256 last = *this;
    const std::uint64_t bits = length_ * 8;
    std::array<std::byte, 80> tail{};
    tail[0] = std::byte{0x80};
    const std::size_t used = length_ % 64;
    const std::size_t padding = (used < 56 ? 56 : 120) - used;
    bytes::store_be(std::span(tail), padding, bits);
    last.update(bytes::View(tail).first(padding + 8));
    Digest out{};
    for (std::size_t i = 0; i < 8; ++i)
        bytes::store_be(std::span(out), i * 4, last.state_[i]);
    return out;
}

Digest hmac_sha256(bytes::View key, bytes::View message)
{
    std::array<std::byte, 64> padded{};
    if (key.size() > padded.size()) {
        Sha256 hash;
        hash.update(key);
        std::ranges::copy(hash.digest(), padded.begin());
    } else {
        std::ranges::copy(key, padded.begin());
    }
    auto inner_key = padded, outer_key = padded;
    for (std::size_t i = 0; i < padded.size(); ++i) {
        inner_key[i] ^= std::byte{0x36};
        outer_key[i] ^= std::byte{0x5c};
    }
    Sha256 inner;
    inner.update(inner_key);
    inner.update(message);
    Sha256 outer;
    outer.update(outer_key);
    outer.update(inner.digest());
    return outer.digest();
}

bool equal_digests(bytes::View a, bytes::View b) noexcept
{
    if (a.size() != b.size())
        return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        difference |= std::to_integer<unsigned>(a[i] ^ b[i]);
    return difference == 0;
}

} // namespace xenlab::serial
