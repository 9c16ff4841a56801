// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/pcap/filter.hpp>
#include <xenlab/pcap/reader.hpp>
#include <xenlab/pcap/writer.hpp>

#include <gtest/gtest.h>

#include <array>
#include <bit>

using namespace xenlab;

namespace {

std::string number(std::uint32_t value, bool big = false)
{
    std::string bytes;
    for (int i = 0; i < 4; ++i)
        bytes += static_cast<char>(value >> static_cast<unsigned>(big ? 24 - 8 * i : 8 * i));
    return bytes;
}

std::string header(std::uint32_t magic = 0xa1b2c3d4, bool big = false, std::uint32_t snap = 65535)
{
    return number(magic, big) + (big ? std::string("\0\2\0\4", 4) : std::string("\2\0\4\0", 4)) +
           std::string(8, '\0') + number(snap, big) + number(1, big);
}

std::string record(std::uint32_t seconds, std::uint32_t fraction, const std::string& data,
                   bool big = false)
{
    const auto size = static_cast<std::uint32_t>(data.size());
    return number(seconds, big) + number(fraction, big) + number(size, big) +
           number(size + 10, big) + data;
}

/// "TIME:DATA " of every packet, then the words of the failure.
std::string read(const std::string& bytes)
{
    io::MemorySource source(std::as_bytes(std::span(bytes)));
    std::string shown;
    try {
        auto reader = pcap::Reader::open(source);
        if (!reader)
            return "nothing";
        while (const auto packet = reader->next())
            shown += std::to_string(packet->time) + ":" +
                     std::string(reinterpret_cast<const char*>(packet->data.data()),
                                 packet->data.size()) +
                     " ";
    } catch (const io::StreamError& error) {
        shown += error.what();
    }
    return shown;
}

} // namespace

TEST(PcapReader, ReadsAllFourMagicNumbers)
{
    EXPECT_EQ(read(header() + record(1, 2, "ab")), "1000002000:ab ");
    EXPECT_EQ(read(header(0xa1b23c4d) + record(1, 2, "ab")), "1000000002:ab ");
    EXPECT_EQ(read(header(0xa1b2c3d4, true) + record(1, 2, "ab", true)), "1000002000:ab ");
    EXPECT_EQ(read(header(0xa1b23c4d, true) + record(1, 2, "ab", true)), "1000000002:ab ");
}

TEST(PcapReader, NothingIsNoError)
{
    EXPECT_EQ(read(""), "nothing");
    EXPECT_EQ(read(header()), "");
}

TEST(PcapReader, DamageIsTold)
{
    EXPECT_EQ(read(header().substr(0, 23)), "pcap stream: ends inside of its header");
    EXPECT_EQ(read("tcpdump: permission denied"), "pcap stream: no pcap magic number");
    EXPECT_EQ(read(number(0xa1b2c3d4) + std::string("\3\0\4\0", 4) + std::string(16, '\0')),
              "pcap stream: version 3 is not known");
    const std::string whole = header() + record(1, 2, "abcdef");
    for (std::size_t cut = header().size() + 1; cut < whole.size(); ++cut)
        EXPECT_NE(read(whole.substr(0, cut)).find("ends inside"), std::string::npos) << cut;
    EXPECT_NE(read(header() + number(1) + number(2) + number(300'000) + number(300'000))
                  .find("300000 captured"),
              std::string::npos);
    EXPECT_NE(read(header() + number(1) + number(2) + number(20) + number(10)).find("20 captured"),
              std::string::npos);
    EXPECT_NE(read(header() + number(1) + number(1'000'000) + number(0) + number(0))
                  .find("beyond its second"),
              std::string::npos);
}

/// Gives a stream away in two parts.
class Halves final : public io::ByteSource {
  public:
    Halves(std::string_view first, std::string_view second) : parts_{first, second} {}
    std::size_t read(std::span<std::byte> buffer) override
    {
        std::string_view& part = parts_[parts_[0].empty() ? 1 : 0];
        const std::size_t n = part.copy(reinterpret_cast<char*>(buffer.data()), buffer.size());
        part.remove_prefix(n);
        position_ += n;
        return n;
    }
    [[nodiscard]] std::uint64_t position() const override { return position_; }

  private:
    std::array<std::string_view, 2> parts_;
    std::uint64_t position_ = 0;
};

TEST(PcapReader, MoreIsWhatIsHereWhole)
{
    const std::string two = header() + record(1, 2, "ab") + record(3, 4, "cdef");
    const std::string third = record(5, 6, "ghij");
    for (std::size_t cut = 0; cut <= third.size(); ++cut) {
        const std::string bytes = two + third;
        Halves source(std::string_view(bytes).substr(0, two.size() + cut),
                      std::string_view(bytes).substr(two.size() + cut));
        auto reader = pcap::Reader::open(source);
        ASSERT_TRUE(reader);
        const auto first = reader->next();
        ASSERT_TRUE(first);
        EXPECT_TRUE(reader->has_more());
        ASSERT_TRUE(reader->next());
        EXPECT_EQ(static_cast<char>(first->data[0]), 'a') << "nothing was read in between";
        EXPECT_EQ(reader->has_more(), cut == third.size()) << cut;
        const auto last = reader->next();
        ASSERT_TRUE(last);
        EXPECT_EQ(static_cast<char>(last->data[3]), 'j');
        EXPECT_FALSE(reader->has_more());
    }
}

TEST(PcapReader, TheLargestPacketFitsManyTimes)
{
    std::string bytes = header(0xa1b2c3d4, false, 0);
    for (std::uint32_t i = 0; i < 5; ++i)
        bytes += record(i, 0, std::string(pcap::most_captured, 'x'));
    io::MemorySource source(std::as_bytes(std::span(bytes)));
    auto reader = pcap::Reader::open(source);
    EXPECT_EQ(reader->header().snap_length, pcap::most_captured);
    int packets = 0;
    while (const auto packet = reader->next()) {
        EXPECT_EQ(packet->data.size(), pcap::most_captured);
        ++packets;
    }
    EXPECT_EQ(packets, 5);
}

TEST(PcapWriter, BlocksAreWholeAndLengthsAgree)
{
    io::StringSink sink;
    pcap::NgWriter writer(sink, "test");
    const auto first = writer.add_interface({.name = "vif7.0",
                                             .description = std::string(70'000, 'd'),
                                             .filter = "udp",
                                             .link_type = 1,
                                             .snap_length = 0});
    EXPECT_EQ(first, 0U);
    EXPECT_EQ(writer.add_interface({.name = "\xff\x01"
                                            "bad"}),
              1U);
    const std::array<std::byte, 5> data{};
    for (std::size_t size = 0; size <= data.size(); ++size)
        writer.packet(1, {.time = 1, .original_length = 9, .data = std::span(data).first(size)},
                      size % 2 == 0 ? "" : "comment");
    writer.statistics(0, {.time = 2, .received = 3, .dropped = 4, .comment = "c"});
    std::string_view rest = sink.text();
    std::vector<std::uint32_t> types;
    while (!rest.empty()) {
        const auto at = [&](std::size_t offset) {
            std::array<char, 4> raw{};
            rest.copy(raw.data(), 4, offset);
            return std::bit_cast<std::uint32_t>(raw);
        };
        types.push_back(at(0));
        ASSERT_EQ(at(4) % 4, 0U);
        ASSERT_LE(at(4), rest.size());
        ASSERT_EQ(at(at(4) - 4), at(4));
        rest.remove_prefix(at(4));
    }
    EXPECT_EQ(types, (std::vector<std::uint32_t>{0x0a0d0d0a, 1, 1, 6, 6, 6, 6, 6, 6, 5}));
    EXPECT_EQ(sink.text().find('\xff'), sink.text().find("\xff\xff\xff\xff\xff\xff\xff\xff"));
}

TEST(PcapWriter, ClassicReadsBack)
{
    io::StringSink sink;
    pcap::ClassicWriter writer(sink, {.link_type = 1, .snap_length = 0});
    const std::string data = "abc";
    writer.packet(
        {.time = 5'000'007'000, .original_length = 3, .data = std::as_bytes(std::span(data))});
    EXPECT_EQ(read(sink.text()), "5000007000:abc ");
}

TEST(PcapFilter, SlipsAreTold)
{
    EXPECT_NO_THROW(pcap::check_filter(""));
    EXPECT_NO_THROW(pcap::check_filter("tcp port 80 and host 10.0.0.1"));
    EXPECT_THROW(pcap::check_filter("tcp port"), Error);
    EXPECT_THROW(pcap::check_filter("nonsense '"), Error);
}

TEST(PcapFilter, OurConnectionIsLeftOut)
{
    const std::string v4 =
        pcap::without_connection("udp or tcp", "10.0.0.1", "5000", "10.0.0.2", "22");
    EXPECT_EQ(v4, "(udp or tcp) and not (tcp and host 10.0.0.1 and host 10.0.0.2 and port 5000 "
                  "and port 22)");
    EXPECT_NO_THROW(pcap::check_filter(v4));
    EXPECT_NO_THROW(pcap::check_filter(pcap::without_connection("", "fe80::1", "1", "::1", "2")));
    EXPECT_THROW(pcap::without_connection("", "10.0.0.1'; id", "1", "::1", "2"), Error);
    EXPECT_THROW(pcap::without_connection("", "10.0.0.1", "1 or 2", "::1", "2"), Error);
}
