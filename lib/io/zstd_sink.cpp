// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/io/zstd_sink.hpp>

#include <fmt/format.h>
#include <zstd.h>

#include <vector>

namespace xenlab::io {
namespace {

struct Free {
    void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
};

std::size_t checked(std::size_t result)
{
    if (ZSTD_isError(result) != 0)
        throw Error(Errc::failed, fmt::format("zstd: {}", ZSTD_getErrorName(result)));
    return result;
}

} // namespace

class ZstdSink::Impl {
  public:
    Impl(ByteSink& sink, const ZstdOptions& options)
        : out(sink), context(ZSTD_createCCtx()), buffer(ZSTD_CStreamOutSize())
    {
        if (!context)
            throw Error(Errc::failed, "zstd: out of memory");
        checked(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, options.level));
        checked(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1));
        // A libzstd without threads refuses; then the writing thread compresses.
        if (options.threads > 0 &&
            ZSTD_isError(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_nbWorkers,
                                                static_cast<int>(options.threads))) == 0) {
            static constexpr int job = 2 << 20; // bounds what each thread holds
            ZSTD_CCtx_setParameter(context.get(), ZSTD_c_jobSize, job);
        }
    }

    void push(std::span<const std::byte> data, ZSTD_EndDirective how)
    {
        ZSTD_inBuffer in{data.data(), data.size(), 0};
        for (bool more = true; more;) {
            ZSTD_outBuffer piece{buffer.data(), buffer.size(), 0};
            const std::size_t left = checked(ZSTD_compressStream2(context.get(), &piece, &in, how));
            out.write(std::span(buffer).first(piece.pos));
            more = how == ZSTD_e_continue ? in.pos < in.size : left > 0;
        }
    }

    ByteSink& out;
    std::unique_ptr<ZSTD_CCtx, Free> context;
    std::vector<std::byte> buffer;
};

ZstdSink::ZstdSink(ByteSink& out, const ZstdOptions& options)
    : impl_(std::make_unique<Impl>(out, options))
{
}

ZstdSink::~ZstdSink() = default;

void ZstdSink::write(std::span<const std::byte> data)
{
    impl_->push(data, ZSTD_e_continue);
}

void ZstdSink::flush()
{
    impl_->push({}, ZSTD_e_flush);
    impl_->out.flush();
}

void ZstdSink::finish()
{
    impl_->push({}, ZSTD_e_end);
    impl_->out.finish();
}

} // namespace xenlab::io
