// SPDX-License-Identifier: GPL-3.0-or-later
#include "compressed.hpp"

#include <xenlab/io/decompress.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <ostream>

namespace xenlab::io::test {
namespace {

using namespace xenlab::test;

/// Hands out at most `step` bytes a read, as a network would.
class Dribble final : public ByteSource {
  public:
    Dribble(std::string_view data, std::size_t step) : source_(view(data)), step_(step) {}
    std::size_t read(std::span<std::byte> buffer) override
    {
        return source_.read(buffer.first(std::min(buffer.size(), step_)));
    }
    [[nodiscard]] std::uint64_t position() const override { return source_.position(); }

  private:
    MemorySource source_;
    std::size_t step_;
};

struct Result {
    std::string text;
    std::optional<Damage> damage;
    std::string words;
};

Result inflate(std::string_view data, Compression compression, std::size_t in = 100000,
               std::size_t out = 100000)
{
    Result r;
    try {
        const auto source = decompress(std::make_unique<Dribble>(data, in), compression);
        Bytes buffer(out);
        while (const std::size_t n = source->read(buffer))
            r.text += text_of(std::span(buffer).first(n));
    } catch (const StreamError& e) {
        r.damage = e.damage();
        r.words = e.what();
    }
    return r;
}

/// A skippable frame (RFC 8878, 3.1.2).
std::string skippable(std::string_view content)
{
    std::string out("\x53\x2a\x4d\x18", 4);
    out += static_cast<char>(content.size());
    return out + std::string(3, '\0') + std::string(content);
}

TEST(DetectCompression, ByContent)
{
    const auto detect = [](std::string_view head) { return detect_compression(view(head)); };
    EXPECT_EQ(detect(gzip("x")), Compression::gzip);
    EXPECT_EQ(detect(zstd("x")), Compression::zstd);
    EXPECT_EQ(detect(skippable("x")), Compression::zstd);
    EXPECT_EQ(detect("\x1f\x8b"), Compression::gzip);
    EXPECT_EQ(detect("\x1f"), Compression::none);
    EXPECT_EQ(detect("\x28\xb5\x2f"), Compression::none);
    EXPECT_EQ(detect("ova.xml"), Compression::none);
    EXPECT_EQ(detect(""), Compression::none);
    EXPECT_EQ(name_of(Compression::gzip), "gzip");
    EXPECT_EQ(name_of(Compression::zstd), "zstd");
    EXPECT_EQ(name_of(Compression::none), "none");
}

struct Case {
    const char* name;
    Compression compression;
    std::string data; ///< of sample_text() + "second part"
    friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

class Compressed : public testing::TestWithParam<Case> {
  protected:
    const std::string plain = sample_text() + "second part";
    const std::string& data = GetParam().data;
    const Compression kind = GetParam().compression;
};
INSTANTIATE_TEST_SUITE_P(
    Decompress, Compressed,
    testing::Values(Case{"Gzip", Compression::gzip, gzipped_sample() + gzip("second part")},
                    Case{"Zstd", Compression::zstd, zstd(sample_text()) + zstd("second part")}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_P(Compressed, PartsInARowAreOneContent)
{
    for (const std::size_t in : {1U, 3U, 100U, 100000U})
        for (const std::size_t out : {1U, 7U, 100000U}) {
            const Result r = inflate(data, kind, in, out);
            EXPECT_EQ(r.text, plain);
            EXPECT_EQ(r.words, "");
        }
}

TEST_P(Compressed, EmptyPartsAreNothing)
{
    const std::string none = kind == Compression::gzip ? gzip("") : zstd("");
    EXPECT_EQ(inflate(none, kind).text, "");
    EXPECT_FALSE(inflate(none, kind).damage);
    EXPECT_EQ(inflate(none + data + none + none, kind).text, plain);
}

TEST_P(Compressed, ZerosAtTheEndArePadding)
{
    for (const std::size_t zeros : {1U, 3U, 4U, 512U, 300000U}) {
        const Result r = inflate(data + std::string(zeros, '\0'), kind, 1000);
        EXPECT_EQ(r.text, plain);
        EXPECT_FALSE(r.damage) << zeros;
    }
    EXPECT_EQ(inflate(data + std::string(1000, '\0') + data, kind).text, plain + plain);
}

TEST_P(Compressed, GarbageAtTheEndIsAnError)
{
    for (const std::string& tail : {std::string("x"), std::string("garbage"),
                                    std::string("\0\0x", 3), std::string("<html>500</html>")}) {
        const Result r = inflate(data + tail, kind);
        EXPECT_EQ(r.text, plain);
        EXPECT_EQ(r.damage, Damage::trailing);
        EXPECT_EQ(r.words, "garbage after the end of the " + std::string(name_of(kind)) + " data");
    }
}

TEST_P(Compressed, CutAtEveryByteIsAnError)
{
    const std::size_t second =
        data.size() -
        (kind == Compression::gzip ? gzip("second part").size() : zstd("second part").size());
    for (std::size_t cut = 0; cut < data.size(); ++cut) {
        if (cut == second)
            continue; // whole as far as it goes
        const Result r = inflate(data.substr(0, cut), kind, 50);
        ASSERT_TRUE(r.damage) << cut;
        EXPECT_TRUE(plain.starts_with(r.text)) << cut;
        if (cut < second) {
            EXPECT_EQ(r.damage, Damage::truncated) << cut;
            EXPECT_EQ(r.words, "the " + std::string(name_of(kind)) + " data is cut off after " +
                                   std::to_string(cut) + " bytes");
        }
    }
}

TEST_P(Compressed, FlippedBitIsAnErrorOrChangesNothing)
{
    std::size_t unnoticed = 0;
    for (std::size_t bit = 0; bit < data.size() * 8; ++bit) {
        Result r;
        try {
            r = inflate(flipped(data, bit), kind);
        } catch (const Error& e) {
            EXPECT_EQ(e.code(), Errc::precondition) << "a window beyond the limit";
            continue;
        }
        if (r.damage)
            continue;
        ++unnoticed;
        EXPECT_EQ(r.text, plain) << "bit " << bit;
    }
    EXPECT_LE(unnoticed, 2U * 8 * 10) << "only in headers: time stamp, system, window";
}

TEST(Decompress, LeavesPlainDataAlone)
{
    EXPECT_EQ(inflate("plain", Compression::none).text, "plain");
}

TEST(Decompress, OtherDataIsRefused)
{
    EXPECT_EQ(inflate("no gzip data", Compression::gzip).words, "this is no gzip data");
    EXPECT_EQ(inflate("no zstd data", Compression::zstd).damage, Damage::corrupt);
    EXPECT_EQ(inflate("", Compression::gzip).damage, Damage::truncated);
    EXPECT_EQ(inflate("\x28\xb5", Compression::zstd).damage, Damage::truncated);
}

/// A member whose header has the optional fields of `flags` (RFC 1952, 2.3.1).
std::string gzip_with_header(char flags, std::string_view content)
{
    using namespace std::string_literals;
    std::string header = "\x1f\x8b\x08"s + flags + "\0\0\0\0\0\x03"s;
    if ((flags & 4) != 0)
        header += "\x05\0extra"s;
    if ((flags & 8) != 0)
        header += "name.xva\0"s;
    if ((flags & 16) != 0)
        header += "comment\0"s;
    if ((flags & 2) != 0) {
        const std::uint32_t crc = bytes::crc32(view(header));
        header += static_cast<char>(crc);
        header += static_cast<char>(crc >> 8U);
    }
    return header + gzip(content).substr(10);
}

TEST(Decompress, GzipHeadersWithOptionalFields)
{
    for (char flags = 0; flags < 32; ++flags) {
        const std::string data = gzip_with_header(flags, "content");
        for (const std::size_t in : {1U, 2U, 3U, 13U, 100U}) {
            const Result r = inflate(data + data, Compression::gzip, in);
            EXPECT_EQ(r.text, "contentcontent") << int{flags} << " " << in << " " << r.words;
        }
        for (std::size_t cut = 2; cut < data.size(); ++cut)
            EXPECT_EQ(inflate(data.substr(0, cut), Compression::gzip).damage, Damage::truncated)
                << cut;
    }
    std::string damaged = gzip_with_header(2 + 8, "content");
    damaged[12] ^= 1;
    EXPECT_EQ(inflate(damaged, Compression::gzip).damage, Damage::corrupt)
        << "the header has a checksum";
    EXPECT_EQ(inflate(gzip_with_header(32, "content"), Compression::gzip).damage, Damage::corrupt)
        << "a flag of the future";
    EXPECT_EQ(inflate("\x1f\x8b\x09" + gzip("x").substr(3), Compression::gzip).damage,
              Damage::corrupt)
        << "another method";
}

TEST(Decompress, GzipOfManyBlocks)
{
    const std::string plain = noise(1000000);
    EXPECT_EQ(inflate(gzip(plain), Compression::gzip, 70000).text, plain);
    EXPECT_EQ(inflate(gzip(plain), Compression::gzip, 999, 100).text, plain);
}

TEST(Decompress, GzipLengthAndChecksumAreChecked)
{
    for (const std::size_t from_end : {1U, 4U, 5U, 8U}) {
        std::string data = gzip("content");
        data[data.size() - from_end] ^= 1;
        const Result r = inflate(data, Compression::gzip);
        EXPECT_EQ(r.damage, Damage::corrupt);
        EXPECT_TRUE(r.words.starts_with("the gzip data is damaged: ")) << r.words;
    }
}

TEST(Decompress, SkippableFramesAreSkipped)
{
    const std::string data = skippable("before") + zstd("a") + skippable("") +
                             skippable("between") + zstd("b") + skippable("behind");
    for (const std::size_t in : {1U, 5U, 1000U})
        EXPECT_EQ(inflate(data, Compression::zstd, in).text, "ab");
    EXPECT_EQ(inflate(skippable("alone"), Compression::zstd).text, "");
    EXPECT_EQ(inflate(skippable("alone").substr(0, 10), Compression::zstd).damage,
              Damage::truncated);
}

TEST(Decompress, ZstdWindowIsLimited)
{
    const std::string data = zstd(noise(5000), 24);
    const auto read = [&](std::uint64_t window) {
        const auto source = decompress(std::make_unique<MemorySource>(view(data)),
                                       Compression::zstd, {.window = window});
        return drain(*source);
    };
    EXPECT_EQ(read(16U << 20U), 5000U);
    EXPECT_EQ(read(128U << 20U), 5000U);
    for (const std::uint64_t window : {8U << 20U, 1U, 0U})
        try {
            read(window);
            FAIL() << window;
        } catch (const Error& e) {
            EXPECT_EQ(e.code(), Errc::precondition);
            EXPECT_FALSE(e.hint().empty());
        }
}

TEST(Decompress, BombsComeOutInSmallPieces)
{
    const std::string bomb = zstd(std::string(64U << 20U, '\0'));
    EXPECT_LT(bomb.size(), 10000U);
    const auto source = decompress(std::make_unique<MemorySource>(view(bomb)), Compression::zstd);
    Bytes buffer(1000);
    EXPECT_LE(source->read(buffer), 1000U);
    EXPECT_EQ(drain(*source) + 1000, 64U << 20U);
}

} // namespace
} // namespace xenlab::io::test
