// SPDX-License-Identifier: GPL-3.0-or-later
// gzip through zlib, where ISA-L is not available.
#include "inflater.hpp"

#ifndef XENLAB_ISAL

#include <xenlab/base/error.hpp>

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <limits>

namespace xenlab::io {
namespace {

class ZlibInflater final : public Inflater {
  public:
    ZlibInflater()
    {
        static constexpr int gzip_only = 15 + 16; // windowBits: 32 KiB window, gzip wrapper
        if (::inflateInit2(&stream_, gzip_only) != Z_OK)
            throw Error(Errc::failed, "zlib: out of memory");
    }
    ~ZlibInflater() override { ::inflateEnd(&stream_); }
    ZlibInflater(const ZlibInflater&) = delete;
    ZlibInflater& operator=(const ZlibInflater&) = delete;

    Step step(std::span<const std::byte> in, std::span<std::byte> out) override
    {
        const auto clamp = [](std::size_t n) {
            return static_cast<uInt>(std::min<std::size_t>(n, std::numeric_limits<uInt>::max()));
        };
        // zlib takes non-const bytes but only reads them.
        stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(in.data())); // NOLINT
        stream_.avail_in = clamp(in.size());
        stream_.next_out = reinterpret_cast<Bytef*>(out.data()); // NOLINT
        stream_.avail_out = clamp(out.size());
        const uInt in_before = stream_.avail_in;
        const uInt out_before = stream_.avail_out;
        const int result = ::inflate(&stream_, Z_NO_FLUSH);
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
            throw StreamError(Damage::corrupt,
                              fmt::format("the gzip data is damaged: {}",
                                          stream_.msg != nullptr ? stream_.msg : "invalid data"));
        return {.consumed = in_before - stream_.avail_in,
                .produced = out_before - stream_.avail_out,
                .member_ended = result == Z_STREAM_END};
    }

    void reset() override { ::inflateReset(&stream_); }

    [[nodiscard]] bool starts_member(std::span<const std::byte> head) const override
    {
        return detect_compression(head) == Compression::gzip;
    }

  private:
    z_stream stream_{};
};

} // namespace

std::unique_ptr<Inflater> make_gzip_inflater()
{
    return std::make_unique<ZlibInflater>();
}

} // namespace xenlab::io

#endif
