// SPDX-License-Identifier: GPL-3.0-or-later
// What is written in another thread arrives in order, and so do failures.
#include "support.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/block/write_behind.hpp>

namespace xenlab::block::test {
namespace {

/// Keeps what it is given; fails at byte `full`.
class Kept final : public DiskSink {
  public:
    explicit Kept(Bytes& disk, std::size_t full = ~std::size_t{0}) : disk_(disk), full_(full) {}
    void write(std::span<const std::byte> data) override
    {
        if (disk_.size() + data.size() > full_)
            throw Error(Errc::failed, "full");
        disk_.insert(disk_.end(), data.begin(), data.end());
    }
    void skip(std::uint64_t length) override { disk_.resize(disk_.size() + length); }
    void finish() override { disk_.push_back(std::byte{'!'}); }

  private:
    Bytes& disk_;
    std::size_t full_;
};

TEST(WriteBehind, KeepsTheOrder)
{
    std::mt19937_64 random(1);
    Bytes expected, disk;
    WriteBehind behind(std::make_unique<Kept>(disk));
    for (unsigned i = 0; i < 500; ++i) {
        if (random() % 3 == 0) {
            const std::size_t hole = random() % 5000;
            behind.skip(hole);
            expected.resize(expected.size() + hole);
            continue;
        }
        Bytes piece = random_bytes(random, random() % 20'000);
        behind.write(piece);
        expected.insert(expected.end(), piece.begin(), piece.end());
        std::fill(piece.begin(), piece.end(), std::byte{0}); // the caller's again
    }
    behind.skip(7);
    expected.resize(expected.size() + 7);
    behind.finish();
    expected.push_back(std::byte{'!'});
    EXPECT_EQ(disk, expected);
}

TEST(WriteBehind, TellsAFailureBeforeItFinishes)
{
    Bytes disk;
    const Bytes piece(1000, std::byte{1});
    WriteBehind behind(std::make_unique<Kept>(disk, 2500));
    EXPECT_THROW(
        {
            for (unsigned i = 0; i < 4; ++i)
                behind.write(piece);
            behind.finish();
        },
        Error);
    EXPECT_EQ(disk.size(), 2000U);
}

TEST(WriteBehind, EndsWithoutBeingFinished)
{
    Bytes disk;
    {
        WriteBehind behind(std::make_unique<Kept>(disk));
        behind.write(Bytes(1000, std::byte{1}));
    }
    EXPECT_LE(disk.size(), 1000U);
}

} // namespace
} // namespace xenlab::block::test
