// SPDX-License-Identifier: GPL-3.0-or-later
// links: transport
// The input is what a browser, or whoever has found the port, says to our server: a request, and
// then frames. The pieces in which frames arrive make no difference.
#include "memory_channel.hpp"

#include <xenlab/transport/websocket.hpp>

using namespace xenlab;
using transport::WebSocketDecoder;

namespace {

void read_frames(std::span<const std::byte> input)
{
    WebSocketDecoder whole, parts;
    WebSocketDecoder::Bytes data, answers, data_of_parts, answers_of_parts;
    whole.feed(input, data, answers);
    for (std::size_t at = 0; at < input.size(); at += 3)
        parts.feed(input.subspan(at, std::min<std::size_t>(3, input.size() - at)), data_of_parts,
                   answers_of_parts);
    fuzz::require(data == data_of_parts && answers == answers_of_parts, "pieces change the data");
    fuzz::require(whole.closed() == parts.closed(), "pieces change the end");
    fuzz::require(data.size() + answers.size() <= input.size() + 4, "more comes out than went in");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto input = fuzz::bytes(data, size);
    read_frames(input);
    std::unique_ptr<transport::Channel> channel =
        std::make_unique<fuzz::MemoryChannel>(input, size % 50, 1U << 20);
    try {
        const auto request = transport::read_request(*channel, transport::no_deadline);
        fuzz::require(request.path.starts_with('/'), "a path begins with a slash");
        (void)transport::accept_websocket(channel, request, transport::no_deadline);
    } catch (const Error&) { // which is what hostile input gets
    }
    return 0;
}
