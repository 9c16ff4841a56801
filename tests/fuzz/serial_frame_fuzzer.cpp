// SPDX-License-Identifier: GPL-3.0-or-later
// links: serial base
// Any bytes on the line: what is a frame comes out as it went in, everything else is noise, nothing
// gets lost between.
#include "fuzz.hpp"

#include <xenlab/bytes/cobs.hpp>
#include <xenlab/serial/frame.hpp>
#include <xenlab/serial/message.hpp>

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace xenlab;
    const auto input = fuzz::bytes(data, size);
    for (const serial::Side side : {serial::Side::host, serial::Side::agent}) {
        serial::FrameReader reader(side);
        std::size_t noise = 0;
        const std::size_t step = size == 0 ? 1 : data[0] % 61U + 1;
        for (std::size_t at = 0; at < size; at += step)
            reader.feed(
                input.subspan(at, std::min(step, size - at)),
                [&](const serial::Frame& frame) {
                    fuzz::require(frame.payload.size() <= serial::max_payload,
                                  "a payload has a limit");
                    serial::Buffer again;
                    serial::append_frame(again, frame);
                    int count = 0;
                    serial::FrameReader(side).feed(
                        again, [&](const serial::Frame&) { ++count; }, [](serial::View) {});
                    fuzz::require(count == 1, "what was read can be written");
                },
                [&](serial::View text) { noise += text.size(); });
        fuzz::require(noise <= size, "noise is part of the input");
    }
    serial::Buffer coded;
    bytes::append_cobs(coded, input);
    const auto back = bytes::from_cobs(coded);
    fuzz::require(back && std::ranges::equal(*back, input), "COBS gives back what it took");
    if (const auto fields = serial::Fields::parse(input))
        fuzz::require(fields->all(serial::Tag::arg).size() <= size, "fields lie in the message");
    return 0;
}
