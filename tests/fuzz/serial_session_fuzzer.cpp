// SPDX-License-Identifier: GPL-3.0-or-later
// links: serial base
// A lying peer: good frames with any content, to the host's end and to the agent's. Memory stays
// bounded, rules hold.
#include "fuzz.hpp"

#include <xenlab/serial/mux.hpp>

#include <algorithm>

namespace {

using namespace xenlab;
using serial::View;

class Owner final : public serial::ChannelOwner {
  public:
    explicit Owner(serial::Side side)
        : mux(side, *this), link({side, {}}, mux, [this] { return ++random; })
    {
        mux.attach(link);
    }
    void on_session(bool, const serial::Greeting&) override { kept = 0; }
    void on_lost() override { kept = 0; }
    void on_open(std::uint8_t chan, serial::Op op, View body) override
    {
        fuzz::require(serial::is_open(op) && chan != 0, "only opening messages open");
        fuzz::require(body.size() <= serial::max_message, "messages have a limit");
        if (op == serial::Op::ping)
            mux.send(chan, serial::Op::pong, body.first(std::min<std::size_t>(body.size(), 100)));
        mux.close(chan);
    }
    void on_message(std::uint8_t, serial::Op op, View body) override
    {
        if (serial::is_stream(op))
            kept += body.size();
        fuzz::require(kept <= 256 * serial::channel_credit, "credit bounds what is kept");
    }
    void on_close(std::uint8_t) override {}
    void on_noise(View) override {}

    std::uint32_t random = 0;
    std::size_t kept = 0;
    serial::Mux mux;
    serial::Link link;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto input = fuzz::bytes(data, size);
    for (const serial::Side side : {serial::Side::host, serial::Side::agent}) {
        Owner end(side);
        serial::Millis now = 1;
        if (side == serial::Side::host) {
            end.link.start(now);
            (void)end.mux.open(serial::Op::put, {});
        }
        // u8 type, u8 chan, u8 seq, u8 ack, u8 pn, u8 apn, u8 length, payload
        for (std::size_t at = 0; at + 7 <= size;) {
            const std::size_t length = std::min<std::size_t>(data[at + 6] * 9U, size - at - 7);
            serial::Frame frame{
                .type = static_cast<serial::FrameType>(data[at] % 5U),
                .from = side == serial::Side::host ? serial::Side::agent : serial::Side::host,
                .ack_now = (data[at] & 0x40U) != 0,
                .chan = data[at + 1],
                .seq = data[at + 2],
                .ack = data[at + 3],
                .sess = (data[at] & 0x80U) != 0 ? std::uint16_t{9} : end.link.session(),
                .pn = data[at + 4],
                .apn = data[at + 5],
                .payload = input.subspan(at + 7, length)};
            serial::Greeting greeting;
            greeting.resume = (data[at] & 0x20U) != 0;
            const serial::Buffer hello = greeting.encode();
            if (frame.type == serial::FrameType::hello || frame.type == serial::FrameType::welcome)
                frame.payload = hello;
            serial::Buffer line;
            serial::append_frame(line, frame);
            end.link.receive(line, now);
            serial::Buffer out;
            for (int i = 0; i < 50 && end.link.next_frame(out, now); ++i) {
            }
            fuzz::require(out.size() < 50 * (serial::wire_size(serial::max_payload) + 1),
                          "output is bounded");
            now += data[at + 4] * 7U;
            at += 7 + length;
        }
    }
    return 0;
}
