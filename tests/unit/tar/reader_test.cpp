// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/archive.hpp"

#include <xenlab/io/byte_source.hpp>
#include <xenlab/tar/reader.hpp>

#include <gtest/gtest.h>

namespace xenlab::tar::test {
namespace {

using namespace xenlab::test;

/// Hands out at most `step` bytes a read, as a network would.
class Dribble final : public io::ByteSource {
  public:
    Dribble(std::string_view data, std::size_t step) : source_(view(data)), step_(step) {}
    std::size_t read(std::span<std::byte> buffer) override
    {
        return source_.read(buffer.first(std::min(buffer.size(), step_)));
    }
    [[nodiscard]] std::uint64_t position() const override { return source_.position(); }

  private:
    io::MemorySource source_;
    std::size_t step_;
};

/// Repeats one block for ever, or `times` times.
class Repeat final : public io::ByteSource {
  public:
    explicit Repeat(std::string block, std::uint64_t times = UINT64_MAX)
        : block_(std::move(block)), left_(times)
    {
    }
    std::size_t read(std::span<std::byte> buffer) override
    {
        if (left_ == 0 || buffer.empty())
            return 0;
        const auto rest = view(block_).subspan(at_);
        const std::size_t n = std::min(buffer.size(), rest.size());
        std::copy_n(rest.begin(), n, buffer.begin());
        at_ = (at_ + n) % block_.size();
        left_ -= at_ == 0 ? 1 : 0;
        position_ += n;
        return n;
    }
    [[nodiscard]] std::uint64_t position() const override { return position_; }

  private:
    std::string block_;
    std::uint64_t left_;
    std::size_t at_ = 0;
    std::uint64_t position_ = 0;
};

std::string content_of(Reader& reader, std::size_t step = 100)
{
    std::string all;
    Bytes buffer(step);
    while (const std::size_t n = reader.read(buffer))
        all += text_of(std::span(buffer).first(n));
    return all;
}

struct Listing {
    std::string names;
    Ending ending = Ending::open;
};

Listing list(io::ByteSource& source, std::size_t read_ahead = 1024)
{
    Reader reader(source, read_ahead);
    Listing out;
    while (const auto h = reader.next())
        out.names += h->name + "=" + std::to_string(content_of(reader).size()) + " ";
    out.ending = reader.ending();
    return out;
}

std::string sample()
{
    return Archive(Tar::ustar)
        .entry("a", "")
        .entry("b", noise(1))
        .entry("c", noise(512))
        .entry("d", noise(3000))
        .end()
        .bytes();
}

TEST(TarReader, ReadsEntriesHoweverTheSourceIsCut)
{
    const std::string archive = sample();
    for (const std::size_t step : {1U, 7U, 511U, 512U, 513U, 100000U})
        for (const std::size_t ahead : {0U, 1U, 1500U, 65536U}) {
            Dribble source(archive, step);
            const Listing l = list(source, ahead);
            EXPECT_EQ(l.names, "a=0 b=1 c=512 d=3000 ");
            EXPECT_EQ(l.ending, Ending::blocks);
        }
}

TEST(TarReader, ContentAndPlaces)
{
    const std::string archive = sample();
    io::MemorySource source(view(archive));
    Reader reader(source);
    reader.next();
    EXPECT_EQ(reader.header_offset(), 0U);
    reader.next();
    EXPECT_EQ(reader.header_offset(), 512U);
    EXPECT_EQ(reader.offset(), 1024U);
    EXPECT_EQ(reader.remaining(), 1U);
    EXPECT_EQ(content_of(reader), noise(1));
    reader.next(); // unread content is skipped
    EXPECT_EQ(reader.next()->name, "d");
    EXPECT_EQ(reader.header_offset(), 2560U);
    EXPECT_EQ(content_of(reader, 4096), noise(3000));
    EXPECT_EQ(reader.remaining(), 0U);
    Bytes none(10);
    EXPECT_EQ(reader.read(none), 0U);
    EXPECT_FALSE(reader.next());
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.offset(), archive.size());
}

TEST(TarReader, CutAtEveryByteIsNoticed)
{
    const std::string archive = sample();
    for (std::size_t cut = 0; cut < archive.size(); ++cut) {
        Dribble source(std::string_view(archive).substr(0, cut), 600);
        Reader reader(source, 1024);
        try {
            while (reader.next())
                content_of(reader);
            EXPECT_NE(reader.ending(), Ending::blocks) << cut;
            EXPECT_NE(reader.ending(), Ending::open) << cut;
        } catch (const io::StreamError& e) {
            EXPECT_EQ(e.damage(), io::Damage::truncated) << cut;
            EXPECT_NE(std::string_view(e.what()).find("cut off at byte " + std::to_string(cut)),
                      std::string_view::npos)
                << cut << ": " << e.what();
        }
    }
}

TEST(TarReader, SaysHowTheArchiveEnded)
{
    const auto ending = [](const std::string& tail) {
        const std::string archive = Archive().entry("x", "data").raw(tail).bytes();
        io::MemorySource source(view(archive));
        return list(source).ending;
    };
    EXPECT_EQ(ending(std::string(1024, '\0')), Ending::blocks);
    EXPECT_EQ(ending(std::string(10240, '\0')), Ending::blocks);
    EXPECT_EQ(ending(std::string(512, '\0')), Ending::lone_block);
    EXPECT_EQ(ending(std::string(1023, '\0')), Ending::lone_block);
    EXPECT_EQ(ending(""), Ending::missing);
    io::MemorySource nothing({});
    EXPECT_EQ(list(nothing).ending, Ending::missing);
}

TEST(TarReader, LoneZeroBlockInsideIsDamage)
{
    const std::string archive =
        Archive().entry("x", "data").raw(std::string(512, '\0')).entry("y", "more").end().bytes();
    io::MemorySource source(view(archive));
    Reader reader(source);
    reader.next();
    try {
        reader.next();
        FAIL();
    } catch (const HeaderError& e) {
        EXPECT_EQ(e.offset(), 1536U);
        EXPECT_EQ(e.code(), Errc::bad_data);
        EXPECT_STREQ(e.what(), "at byte 1536: a single zero block inside the archive");
    }
    ASSERT_TRUE(reader.resync([](const Header&) { return true; }));
    EXPECT_EQ(reader.next()->name, "y");
}

TEST(TarReader, ResyncFindsTheNextHeaderThatIsWanted)
{
    const std::string inner = Archive().entry("decoy", "inside of the damaged entry").bytes();
    std::string archive =
        Archive().entry("first", "1").entry("damaged", inner).entry("third", "333").end().bytes();
    archive[1024] ^= 1;
    io::MemorySource source(view(archive));
    Reader reader(source);
    reader.next();
    EXPECT_THROW(reader.next(), HeaderError);
    ASSERT_TRUE(reader.resync([](const Header& h) { return h.name != "decoy"; }));
    const auto h = reader.next();
    ASSERT_TRUE(h);
    EXPECT_EQ(h->name, "third");
    EXPECT_EQ(content_of(reader), "333");
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.ending(), Ending::blocks);
}

TEST(TarReader, ResyncGivesUpAtTheEnd)
{
    std::string archive = Archive().entry("only", "1").end().bytes();
    archive[3] ^= 1;
    io::MemorySource source(view(archive));
    Reader reader(source);
    EXPECT_THROW(reader.next(), HeaderError);
    EXPECT_FALSE(reader.resync([](const Header&) { return true; }));
    EXPECT_EQ(reader.ending(), Ending::missing);
    EXPECT_FALSE(reader.next());
}

TEST(TarReader, TrailingGarbage)
{
    const auto garbage = [](const std::string& tail) {
        const std::string archive = Archive().entry("x", "").end().raw(tail).bytes();
        Dribble source(archive, 700);
        Reader reader(source, 1024);
        while (reader.next()) {
        }
        return reader.trailing_garbage();
    };
    EXPECT_EQ(garbage(""), std::nullopt);
    EXPECT_EQ(garbage(std::string(100000, '\0')), std::nullopt);
    EXPECT_EQ(garbage("x"), 1536U);
    EXPECT_EQ(garbage(std::string(100000, '\0') + "x" + std::string(5000, 'y')), 101536U);
}

TEST(TarReader, SizesThatLieEndInAnError)
{
    for (const std::uint64_t size :
         {std::uint64_t{100}, std::uint64_t{1} << 33, (std::uint64_t{1} << 62) - 1}) {
        const std::string archive =
            tar_header({.name = "x", .dialect = Tar::gnu, .raw_size = base256(size)}) + "data";
        {
            io::MemorySource source(view(archive));
            Reader reader(source);
            EXPECT_EQ(reader.next()->size, size);
            EXPECT_THROW(content_of(reader), io::StreamError);
        }
        {
            io::MemorySource source(view(archive));
            Reader reader(source);
            reader.next();
            EXPECT_THROW(reader.next(), io::StreamError);
        }
    }
}

TEST(TarReader, MillionEmptyEntriesTakeNoMemoryAndLittleTime)
{
    Repeat source(tar_header({.name = "Ref:2/00000001"}), 1'000'000);
    Reader reader(source);
    std::size_t n = 0;
    while (reader.next())
        ++n;
    EXPECT_EQ(n, 1'000'000U);
    EXPECT_EQ(reader.ending(), Ending::missing);
}

TEST(TarReader, ReadsNoMoreAheadThanAllowed)
{
    Repeat source(tar_header({.name = "x"}));
    Reader reader(source, 2048);
    for (int i = 0; i < 100; ++i) {
        reader.next();
        EXPECT_LE(source.position(), reader.offset() + 2048);
    }
}

TEST(TarReader, NamesInMessagesAreEscaped)
{
    const std::string archive = tar_header({.name = "\x1b[2Jevil", .size = 10});
    io::MemorySource source(view(archive));
    Reader reader(source);
    reader.next();
    try {
        reader.next();
        FAIL();
    } catch (const io::StreamError& e) {
        EXPECT_STREQ(e.what(), "the archive is cut off at byte 512, inside \"\\x1b[2Jevil\"");
    }
}

} // namespace
} // namespace xenlab::tar::test
