// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/text.hpp>
#include <xenlab/pcap/writer.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace xenlab::pcap {
namespace {

// Blocks are written in our own byte order, which the section header tells (draft 4.1).
enum class BlockType : std::uint32_t {
    section = 0x0a0d0d0a,
    interface = 1,
    statistics = 5,
    packet = 6
};
constexpr std::uint16_t option_end = 0;
constexpr std::uint16_t option_comment = 1;
constexpr std::size_t longest_text = 4096;

class Block {
  public:
    explicit Block(BlockType type)
    {
        add(static_cast<std::uint32_t>(type));
        add(std::uint32_t{0}); // the length, known at the end
    }
    template <typename T>
    void add(T value)
    {
        const auto bytes = std::bit_cast<std::array<char, sizeof(T)>>(value);
        bytes_.append(bytes.data(), bytes.size());
    }
    void add_time(std::uint64_t time)
    {
        add(static_cast<std::uint32_t>(time >> 32U));
        add(static_cast<std::uint32_t>(time));
    }
    void option(std::uint16_t code, std::string_view value)
    {
        add(code);
        add(static_cast<std::uint16_t>(value.size()));
        bytes_ += value;
        pad();
    }
    void text_option(std::uint16_t code, std::string_view value)
    {
        if (value.empty())
            return;
        std::string text(value.substr(0, longest_text));
        while (!text.empty() && !text::is_utf8(text)) // cut inside of a character, or foreign
            text = text.size() == longest_text ? text.substr(0, text.size() - 1)
                                               : text::printable(text);
        option(code, text);
    }
    void pad() { bytes_.append((4 - bytes_.size() % 4) % 4, '\0'); }
    void end_options() { option(option_end, {}); }
    void write(io::ByteSink& sink)
    {
        const auto length = static_cast<std::uint32_t>(bytes_.size() + 4);
        const auto raw = std::bit_cast<std::array<char, 4>>(length);
        std::copy(raw.begin(), raw.end(), bytes_.begin() + 4);
        add(length);
        sink.write(std::string_view(bytes_));
    }

  private:
    std::string bytes_;
};

/// A number as the bytes of an option; char may alias every type.
std::string_view number_text(const std::uint64_t& value)
{
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

template <typename T>
void append(std::string& bytes, T value)
{
    const auto raw = std::bit_cast<std::array<char, sizeof(T)>>(value);
    bytes.append(raw.data(), raw.size());
}

} // namespace

NgWriter::NgWriter(io::ByteSink& sink, std::string_view application) : sink_(sink)
{
    Block block(BlockType::section);
    block.add(std::uint32_t{0x1a2b3c4d});
    block.add(std::uint16_t{1});
    block.add(std::uint16_t{0});
    block.add(~std::uint64_t{0}); // length of the section: not known
    block.text_option(4, application);
    block.end_options();
    block.write(sink_);
}

std::uint32_t NgWriter::add_interface(const Interface& interface)
{
    Block block(BlockType::interface);
    block.add(static_cast<std::uint16_t>(interface.link_type));
    block.add(std::uint16_t{0});
    block.add(interface.snap_length);
    block.text_option(2, interface.name);
    block.text_option(3, interface.description);
    block.option(9, std::string_view("\x09", 1)); // if_tsresol: 10^-9 s
    if (!interface.filter.empty())
        block.text_option(11, std::string(1, '\0') + interface.filter); // 0: as libpcap reads it
    block.end_options();
    block.write(sink_);
    return interfaces_++;
}

/// Built without a Block of its own: this is what happens a hundred thousand times a second.
void NgWriter::packet(std::uint32_t interface, const Packet& packet, std::string_view comment)
{
    if (!comment.empty()) {
        Block block(BlockType::packet);
        block.add(interface);
        block.add_time(packet.time);
        block.add(static_cast<std::uint32_t>(packet.data.size()));
        block.add(packet.original_length);
        for (const std::byte byte : packet.data)
            block.add(byte);
        block.pad();
        block.text_option(option_comment, comment);
        block.end_options();
        block.write(sink_);
        return;
    }
    const std::size_t padding = (4 - packet.data.size() % 4) % 4;
    const auto length = static_cast<std::uint32_t>(32 + packet.data.size() + padding);
    const std::array<std::uint32_t, 7> head{static_cast<std::uint32_t>(BlockType::packet),
                                            length,
                                            interface,
                                            static_cast<std::uint32_t>(packet.time >> 32U),
                                            static_cast<std::uint32_t>(packet.time),
                                            static_cast<std::uint32_t>(packet.data.size()),
                                            packet.original_length};
    scratch_.resize(length);
    std::byte* at = scratch_.data();
    std::memcpy(at, head.data(), sizeof head);
    std::memcpy(at + sizeof head, packet.data.data(), packet.data.size());
    at += sizeof head + packet.data.size();
    std::memset(at, 0, padding);
    std::memcpy(at + padding, &length, sizeof length);
    sink_.write(std::span<const std::byte>(scratch_));
}

void NgWriter::statistics(std::uint32_t interface, const Statistics& statistics)
{
    Block block(BlockType::statistics);
    block.add(interface);
    block.add_time(statistics.time);
    block.text_option(option_comment, statistics.comment);
    if (statistics.received)
        block.option(4, number_text(*statistics.received)); // isb_ifrecv
    if (statistics.dropped)
        block.option(5, number_text(*statistics.dropped)); // isb_ifdrop
    block.end_options();
    block.write(sink_);
}

ClassicWriter::ClassicWriter(io::ByteSink& sink, const Header& header) : sink_(sink)
{
    std::string bytes;
    append(bytes, std::uint32_t{0xa1b2c3d4});
    append(bytes, std::uint16_t{2});
    append(bytes, std::uint16_t{4});
    append(bytes, std::uint64_t{0});
    append(bytes, header.snap_length == 0 ? most_captured : header.snap_length);
    append(bytes, header.link_type);
    sink_.write(std::string_view(bytes));
}

void ClassicWriter::packet(const Packet& packet)
{
    const std::array<std::uint32_t, 4> head{
        static_cast<std::uint32_t>(packet.time / 1'000'000'000),
        static_cast<std::uint32_t>(packet.time % 1'000'000'000 / 1000),
        static_cast<std::uint32_t>(packet.data.size()), packet.original_length};
    sink_.write(std::as_bytes(std::span(head)));
    sink_.write(packet.data);
}

} // namespace xenlab::pcap
