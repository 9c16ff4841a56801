// SPDX-License-Identifier: GPL-3.0-or-later
// What a hostile host could send: the packets of tcpdump, and the lines of its watcher.
// links: pcap follow
#include "fuzz.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/follow/host_watch.hpp>
#include <xenlab/pcap/reader.hpp>
#include <xenlab/pcap/writer.hpp>

using namespace xenlab;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto bytes = std::as_bytes(std::span(data, size));
    try {
        io::MemorySource source(bytes);
        io::StringSink sink;
        pcap::NgWriter writer(sink, "fuzz");
        if (auto reader = pcap::Reader::open(source)) {
            const auto number =
                writer.add_interface({.name = "x", .link_type = reader->header().link_type});
            while (const auto packet = reader->next())
                writer.packet(number, *packet);
        }
    } catch (const Error&) { // what damage must become
    }
    follow::HostView view;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const std::string_view line : text::split(text, '\n')) {
        try {
            follow::apply_line(view, line, {});
        } catch (const Error&) {
        }
        (void)follow::parse_interface(line);
    }
    return 0;
}
