// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/bytes.hpp"

#include <xenlab/io/prefetch.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <thread>

namespace xenlab::io::test {
namespace {

using namespace xenlab::test;
using namespace std::chrono_literals;

/// Does what the test says at each read.
class Scripted final : public ByteSource {
  public:
    using Read = std::function<std::size_t(int turn, std::span<std::byte>)>;
    explicit Scripted(Read script) : script_(std::move(script)) {}
    std::size_t read(std::span<std::byte> buffer) override { return script_(turn_++, buffer); }
    [[nodiscard]] std::uint64_t position() const override { return 0; }

  private:
    Read script_;
    int turn_ = 0;
};

std::size_t fill(std::span<std::byte> buffer, std::size_t n)
{
    n = std::min(n, buffer.size());
    std::fill_n(buffer.begin(), n, std::byte{'x'});
    return n;
}

TEST(Prefetch, ErrorComesAfterTheBytesInFrontOfIt)
{
    for (const int good : {0, 1, 5, 50}) {
        const auto source =
            prefetch(std::make_unique<Scripted>([good](int turn, std::span<std::byte> b) {
                         if (turn == good)
                             throw StreamError(Damage::corrupt, "broken here");
                         return fill(b, 100);
                     }),
                     256, 3);
        std::size_t seen = 0;
        Bytes buffer(70);
        try {
            while (const std::size_t n = source->read(buffer))
                seen += n;
            FAIL();
        } catch (const StreamError& e) {
            EXPECT_STREQ(e.what(), "broken here");
        }
        EXPECT_GT(seen + 1, static_cast<std::size_t>(good) * 56);
        EXPECT_THROW(source->read(buffer), StreamError) << "and stays";
    }
}

TEST(Prefetch, EndsWhileItsSourceIsSlow)
{
    // Free buffers, a source in the middle of a read, and a reader that goes away.
    for (int turn = 0; turn < 20; ++turn) {
        std::atomic<bool> reading = false;
        auto source = prefetch(std::make_unique<Scripted>([&](int n, std::span<std::byte> b) {
            reading = true;
            if (n > 0)
                std::this_thread::sleep_for(2ms);
            return fill(b, 10);
        }));
        while (!reading)
            std::this_thread::yield();
        std::this_thread::sleep_for(turn * 100us);
        source.reset();
    }
}

TEST(Prefetch, EndsWhileAllBuffersAreFull)
{
    for (int turn = 0; turn < 20; ++turn) {
        auto source = prefetch(std::make_unique<Scripted>(
                                   [](int, std::span<std::byte> b) { return fill(b, b.size()); }),
                               64, 2);
        std::this_thread::sleep_for(turn * 50us);
        Bytes buffer(10);
        if (turn % 2 == 0)
            source->read(buffer);
        source.reset();
    }
}

TEST(Prefetch, ReadsNoFurtherAheadThanItsBuffers)
{
    std::atomic<std::size_t> taken = 0;
    const auto source = prefetch(std::make_unique<Scripted>([&](int, std::span<std::byte> b) {
                                     taken += b.size();
                                     return fill(b, b.size());
                                 }),
                                 100, 3);
    std::size_t seen = 0;
    Bytes buffer(30);
    for (int i = 0; i < 100; ++i) {
        seen += source->read(buffer);
        std::this_thread::sleep_for(100us);
        EXPECT_LE(taken, seen + 400);
    }
}

TEST(Prefetch, PassesOnALotInOrder)
{
    std::uint8_t next = 0;
    const auto source = prefetch(std::make_unique<Scripted>([&](int turn, std::span<std::byte> b) {
                                     const std::size_t n = std::min<std::size_t>(
                                         b.size(), static_cast<std::size_t>(turn % 97 + 1));
                                     for (std::size_t i = 0; i < n; ++i)
                                         b[i] = static_cast<std::byte>(next++);
                                     return turn < 20000 ? n : 0;
                                 }),
                                 1000, 4);
    std::uint8_t expected = 0;
    Bytes buffer(777);
    while (const std::size_t n = source->read(buffer))
        for (std::size_t i = 0; i < n; ++i)
            ASSERT_EQ(buffer[i], static_cast<std::byte>(expected++));
}

} // namespace
} // namespace xenlab::io::test
