// SPDX-License-Identifier: GPL-3.0-or-later
// gzip through ISA-L, two to three times as fast as zlib.
#include "gzip_header.hpp"
#include "inflater.hpp"

#ifdef XENLAB_ISAL

#include <xenlab/base/error.hpp>

#include <fmt/format.h>
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <limits>

namespace xenlab::io {
namespace {

std::string_view words_for(int result)
{
    switch (result) {
    case ISAL_INCORRECT_CHECKSUM:
        return "CRC-32 or length does not match";
    default:
        return "invalid deflate data";
    }
}

class IsalInflater final : public Inflater {
  public:
    IsalInflater() { reset(); }

    Step step(std::span<const std::byte> in, std::span<std::byte> out) override
    {
        if (!header_.complete())
            return {.consumed = header_.take(in)};
        const auto clamp = [](std::size_t n) {
            return static_cast<std::uint32_t>(
                std::min<std::size_t>(n, std::numeric_limits<std::uint32_t>::max()));
        };
        // ISA-L takes non-const bytes but only reads them.
        state_.next_in =
            const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(in.data())); // NOLINT
        state_.avail_in = clamp(in.size());
        state_.next_out = reinterpret_cast<std::uint8_t*>(out.data()); // NOLINT
        state_.avail_out = clamp(out.size());
        const std::uint32_t in_before = state_.avail_in;
        const std::uint32_t out_before = state_.avail_out;
        const int result = isal_inflate(&state_);
        if (result < 0)
            throw StreamError(Damage::corrupt,
                              fmt::format("the gzip data is damaged: {}", words_for(result)));
        return {.consumed = in_before - state_.avail_in,
                .produced = out_before - state_.avail_out,
                .member_ended = state_.block_state == ISAL_BLOCK_FINISH};
    }

    void reset() override
    {
        isal_inflate_init(&state_);
        state_.crc_flag = ISAL_GZIP_NO_HDR_VER;
        header_ = {};
    }

    [[nodiscard]] bool starts_member(std::span<const std::byte> head) const override
    {
        return detect_compression(head) == Compression::gzip;
    }

  private:
    GzipHeader header_;
    inflate_state state_{};
};

} // namespace

std::unique_ptr<Inflater> make_gzip_inflater()
{
    return std::make_unique<IsalInflater>();
}

} // namespace xenlab::io

#endif
