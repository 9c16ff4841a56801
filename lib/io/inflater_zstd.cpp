// SPDX-License-Identifier: GPL-3.0-or-later
#include "inflater.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <bit>

namespace xenlab::io {
namespace {

struct FreeContext {
    void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

class ZstdInflater final : public Inflater {
  public:
    explicit ZstdInflater(const DecompressLimits& limits)
        : context_(ZSTD_createDCtx()), window_(limits.window)
    {
        if (!context_)
            throw Error(Errc::failed, "zstd: out of memory");
        // The library takes a power of two and knows bounds of its own.
        const ZSTD_bounds bounds = ZSTD_dParam_getBounds(ZSTD_d_windowLogMax);
        const int log = static_cast<int>(std::bit_width(window_)) - 1;
        ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax,
                               std::clamp(log, bounds.lowerBound, bounds.upperBound));
    }

    Step step(std::span<const std::byte> in, std::span<std::byte> out) override
    {
        ZSTD_inBuffer input{in.data(), in.size(), 0};
        ZSTD_outBuffer output{out.data(), out.size(), 0};
        const std::size_t result = ZSTD_decompressStream(context_.get(), &output, &input);
        if (ZSTD_isError(result) != 0U)
            fail(result);
        return {.consumed = input.pos, .produced = output.pos, .member_ended = result == 0};
    }

    void reset() override { ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only); }

    [[nodiscard]] bool starts_member(std::span<const std::byte> head) const override
    {
        return detect_compression(head) == Compression::zstd;
    }

  private:
    [[noreturn]] void fail(std::size_t result) const
    {
        if (ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge)
            throw Error(Errc::precondition,
                        fmt::format("this zstd data needs a window of more than {}",
                                    text::human_size(window_)),
                        "raise --memory-limit, or recompress it without --long or --ultra");
        throw StreamError(Damage::corrupt,
                          fmt::format("the zstd data is damaged: {}", ZSTD_getErrorName(result)));
    }

    std::unique_ptr<ZSTD_DCtx, FreeContext> context_;
    std::uint64_t window_;
};

} // namespace

std::unique_ptr<Inflater> make_zstd_inflater(const DecompressLimits& limits)
{
    return std::make_unique<ZstdInflater>(limits);
}

} // namespace xenlab::io
