// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/bytes/hex.hpp>
#include <xenlab/io/hash.hpp>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <xxhash.h>

#include <array>

namespace xenlab::io {
namespace {

struct FreeDigest {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
struct FreeXxh64 {
    void operator()(XXH64_state_t* state) const noexcept { XXH64_freeState(state); }
};

void require(bool ok)
{
    if (!ok)
        throw Error(Errc::failed, "SHA-1 is not available in this OpenSSL configuration");
}

std::string xxh64_text(XXH64_hash_t value)
{
    return fmt::format("{:016X}", value);
}

} // namespace

struct Hasher::State {
    HashKind kind;
    std::unique_ptr<EVP_MD_CTX, FreeDigest> sha1;
    std::unique_ptr<XXH64_state_t, FreeXxh64> xxh64;

    void start() const
    {
        if (kind == HashKind::sha1)
            require(EVP_DigestInit_ex(sha1.get(), EVP_sha1(), nullptr) == 1);
        else
            XXH64_reset(xxh64.get(), 0);
    }
};

Hasher::Hasher(HashKind kind) : state_(std::make_unique<State>())
{
    state_->kind = kind;
    if (kind == HashKind::sha1)
        state_->sha1.reset(EVP_MD_CTX_new());
    else
        state_->xxh64.reset(XXH64_createState());
    if (!state_->sha1 && !state_->xxh64)
        throw Error(Errc::failed, "out of memory");
    state_->start();
}

Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(std::span<const std::byte> data)
{
    if (state_->kind == HashKind::sha1)
        require(EVP_DigestUpdate(state_->sha1.get(), data.data(), data.size()) == 1);
    else
        XXH64_update(state_->xxh64.get(), data.data(), data.size());
}

std::string Hasher::finish()
{
    std::string text;
    if (state_->kind == HashKind::sha1) {
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        unsigned length = 0;
        require(EVP_DigestFinal_ex(state_->sha1.get(), digest.data(), &length) == 1);
        text = bytes::to_hex(std::as_bytes(std::span(digest).first(length)));
    } else {
        text = xxh64_text(XXH64_digest(state_->xxh64.get()));
    }
    state_->start();
    return text;
}

std::string hash_text(HashKind kind, std::span<const std::byte> data)
{
    if (kind == HashKind::xxh64)
        return xxh64_text(XXH64(data.data(), data.size(), 0));
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    require(EVP_Digest(data.data(), data.size(), digest.data(), &length, EVP_sha1(), nullptr) == 1);
    return bytes::to_hex(std::as_bytes(std::span(digest).first(length)));
}

} // namespace xenlab::io
