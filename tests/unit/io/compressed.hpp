// SPDX-License-Identifier: GPL-3.0-or-later
// gzip and zstd data for tests: made by hand, by gzip(1) and by the zstd library.
#pragma once

#include "support/bytes.hpp"

#include <xenlab/bytes/crc32.hpp>
#include <xenlab/bytes/hex.hpp>

#include <gtest/gtest.h>
#include <zstd.h>

#include <string>
#include <string_view>

namespace xenlab::io::test {

/// One gzip member of stored blocks (RFC 1951, 3.2.4; RFC 1952).
inline std::string gzip(std::string_view plain)
{
    const auto le = [](std::uint64_t value, int bytes) {
        std::string out;
        for (int i = 0; i < bytes; ++i)
            out += static_cast<char>(value >> (8 * i));
        return out;
    };
    std::string out("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
    const std::string_view all = plain;
    do {
        const std::string_view block = plain.substr(0, 65535);
        plain.remove_prefix(block.size());
        out += plain.empty() ? '\1' : '\0';
        out += le(block.size(), 2) + le(~block.size() & 0xFFFFU, 2) + std::string(block);
    } while (!plain.empty());
    return out + le(bytes::crc32(xenlab::test::view(all)), 4) + le(all.size(), 4);
}

/// "line 0 of a text that compresses\n" up to line 59.
inline std::string sample_text()
{
    std::string out;
    for (int i = 0; i < 60; ++i)
        out += "line " + std::to_string(i) + " of a text that compresses\n";
    return out;
}

/// sample_text() by gzip -9: a dynamic Huffman block.
inline std::string gzipped_sample()
{
    return xenlab::test::text_of(*bytes::from_hex(
        "1f8b080000000000020385d5c94d03511040c13b51fc10e80d9b702c340824832dcf1c081f910075"
        "7fa7522fd7cfef6d3dafdbfbbaac63fb39d6f17139d6dbedebfed8f67ddb9fae7f41284805a5a015"
        "8c82170527056705af8432252d839841cd2067d033081a140d92064d93a6e9f9a469d234699a344d"
        "9a264d93a649d3a269d1b4bcf4342d9a164d8ba645d3a269d1b469da346d9ab62f294d9ba64dd3a6"
        "69d3b4693a341d9a0e4d87a6e3f744d3a1e9d074683aff99fe02fe6ad3f9ee070000"));
}

/// One zstd frame with a content checksum.
inline std::string zstd(std::string_view plain, int window_log = 0)
{
    std::string out(ZSTD_compressBound(plain.size()), '\0');
    ZSTD_CCtx* context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    if (window_log != 0)
        ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
    ZSTD_inBuffer in{plain.data(), plain.size(), 0};
    ZSTD_outBuffer sink{out.data(), out.size(), 0};
    if (window_log != 0) { // a size known at once would make the window smaller
        in.size = 1;
        ZSTD_compressStream2(context, &sink, &in, ZSTD_e_continue);
        in.size = plain.size();
    }
    const std::size_t left = ZSTD_compressStream2(context, &sink, &in, ZSTD_e_end);
    ZSTD_freeCCtx(context);
    EXPECT_EQ(left, 0U);
    out.resize(sink.pos);
    return out;
}

} // namespace xenlab::io::test
