// SPDX-License-Identifier: GPL-3.0-or-later
// One suite for every ByteSource: what the contract in byte_source.hpp promises.
#include "compressed.hpp"
#include "support/scratch.hpp"

#include <xenlab/io/byte_source.hpp>
#include <xenlab/io/decompress.hpp>
#include <xenlab/io/file_source.hpp>
#include <xenlab/io/prefetch.hpp>

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <memory>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

namespace xenlab::io::test {
namespace {

using namespace xenlab::test;

/// Keeps what a source borrows.
struct Held {
    std::string data;
    Scratch scratch;
    std::jthread writer;
};

struct FromMemory {
    static std::unique_ptr<ByteSource> make(Held& held)
    {
        return std::make_unique<MemorySource>(view(held.data));
    }
    static constexpr bool knows_total = true;
};

struct FromFile {
    static std::unique_ptr<ByteSource> make(Held& held)
    {
        return open_source(held.scratch.put("a file", held.data), {});
    }
    static constexpr bool knows_total = true;
};

struct FromPipe {
    static std::unique_ptr<ByteSource> make(Held& held)
    {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        held.writer = std::jthread([out = ends[1], &held] {
            const Fd end(out);
            try {
                write_all(end.get(), view(held.data), "pipe");
            } catch (const BrokenPipe&) { // the test has seen enough
            }
        });
        return std::make_unique<FdSource>(Fd(ends[0]), "pipe", std::stop_token());
    }
    static constexpr bool knows_total = false;
};

struct FromPeek {
    static std::unique_ptr<ByteSource> make(Held& held)
    {
        auto source = std::make_unique<PeekSource>(FromMemory::make(held));
        source->peek(100);
        return source;
    }
    static constexpr bool knows_total = true;
};

template <bool Threaded>
struct FromGzip {
    static std::unique_ptr<ByteSource> make(Held& held)
    {
        const std::string half = held.data.substr(0, held.data.size() / 2);
        held.data = gzip(half) + gzip(held.data.substr(half.size()));
        auto plain = decompress(FromMemory::make(held), Compression::gzip);
        return Threaded ? prefetch(std::move(plain), 1000, 3) : std::move(plain);
    }
    static constexpr bool knows_total = false;
};

struct FromZstd {
    static std::unique_ptr<ByteSource> make(Held& held)
    {
        const std::string half = held.data.substr(0, held.data.size() / 2);
        held.data = zstd(half) + zstd(held.data.substr(half.size()));
        return decompress(FromMemory::make(held), Compression::zstd);
    }
    static constexpr bool knows_total = false;
};

struct FromPrefetch {
    static std::unique_ptr<ByteSource> make(Held& held) { return prefetch(FromMemory::make(held)); }
    static constexpr bool knows_total = true;
};

template <typename Factory>
class AnySource : public testing::Test {
  protected:
    void SetUp() override { std::signal(SIGPIPE, SIG_IGN); }

    ByteSource& open(const std::string& data)
    {
        source_.reset();
        held_ = std::make_unique<Held>();
        held_->data = data;
        source_ = Factory::make(*held_);
        return *source_;
    }
    static std::string rest(ByteSource& source, std::size_t step)
    {
        std::string all;
        Bytes buffer(step);
        while (const std::size_t n = source.read(buffer))
            all += text_of(std::span(buffer).first(n));
        return all;
    }
    const std::string large = noise(300000);

  private:
    std::unique_ptr<Held> held_;
    std::unique_ptr<ByteSource> source_; ///< goes first, so that a writer of a pipe ends
};

using Factories = testing::Types<FromMemory, FromFile, FromPipe, FromPeek, FromGzip<false>,
                                 FromGzip<true>, FromZstd, FromPrefetch>;
TYPED_TEST_SUITE(AnySource, Factories);

TYPED_TEST(AnySource, GivesAllBytesInOrder)
{
    for (const std::size_t step : {100U, 4096U, 1000000U})
        EXPECT_EQ(this->rest(this->open(this->large), step), this->large);
    EXPECT_EQ(this->rest(this->open("abc"), 1), "abc");
}

TYPED_TEST(AnySource, EndsAndStaysEnded)
{
    ByteSource& source = this->open("abc");
    Bytes buffer(10);
    EXPECT_EQ(read_full(source, buffer), 3U);
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(source.read(buffer), 0U);
    EXPECT_EQ(source.skip(5), 0U);
    EXPECT_EQ(drain(source), 0U);
}

TYPED_TEST(AnySource, MayBeEmpty)
{
    ByteSource& source = this->open("");
    Bytes buffer(10);
    EXPECT_EQ(source.read(buffer), 0U);
    EXPECT_EQ(source.read(buffer), 0U);
}

TYPED_TEST(AnySource, EmptyBufferTakesNothing)
{
    ByteSource& source = this->open("abc");
    EXPECT_EQ(source.read({}), 0U);
    EXPECT_EQ(this->rest(source, 10), "abc");
}

TYPED_TEST(AnySource, SkipsAndReads)
{
    ByteSource& source = this->open(this->large);
    EXPECT_EQ(source.skip(0), 0U);
    EXPECT_EQ(source.skip(10), 10U);
    Bytes buffer(10);
    read_exactly(source, buffer, "sample");
    EXPECT_EQ(text_of(buffer), this->large.substr(10, 10));
    EXPECT_EQ(source.skip(200000), 200000U);
    EXPECT_EQ(this->rest(source, 1000), this->large.substr(200020));
}

TYPED_TEST(AnySource, SkipsNoFurtherThanItsEnd)
{
    ByteSource& source = this->open(this->large);
    Bytes buffer(1000);
    read_exactly(source, buffer, "sample");
    EXPECT_EQ(source.skip(std::uint64_t{1} << 40), this->large.size() - 1000);
    EXPECT_EQ(source.read(buffer), 0U);
}

TYPED_TEST(AnySource, SaysWhatItKnows)
{
    ByteSource& source = this->open(this->large);
    if (TypeParam::knows_total)
        EXPECT_EQ(source.total(), this->large.size());
    else
        EXPECT_EQ(source.total(), std::nullopt);
    std::uint64_t position = source.position();
    Bytes buffer(5000);
    while (source.read(buffer) > 0) {
        EXPECT_GE(source.position(), position);
        position = source.position();
    }
    EXPECT_GE(position, this->large.size());
}

TYPED_TEST(AnySource, MayBeLeftAtAnyTime)
{
    this->open(this->large);
    ByteSource& source = this->open(this->large);
    Bytes buffer(10);
    source.read(buffer);
}

TYPED_TEST(AnySource, ShortOnesAreNamedByReadExactly)
{
    ByteSource& source = this->open("abc");
    Bytes buffer(10);
    try {
        read_exactly(source, buffer, "a header");
        FAIL();
    } catch (const StreamError& e) {
        EXPECT_EQ(e.damage(), Damage::truncated);
        EXPECT_STREQ(e.what(), "a header: ends after 3 of 10 bytes");
    }
}

} // namespace
} // namespace xenlab::io::test
