// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire.hpp"

#include <xenlab/base/error.hpp>

namespace xenlab::serial_cli {

void append_packet(Buffer& out, Kind kind, View head, View body)
{
    const std::size_t at = out.size();
    out.resize(at + 5);
    bytes::store_le(std::span(out), at, static_cast<std::uint32_t>(1 + head.size() + body.size()));
    out[at + 4] = static_cast<std::byte>(kind);
    out.insert(out.end(), head.begin(), head.end());
    out.insert(out.end(), body.begin(), body.end());
}

std::string to_text(View bytes)
{
    // char may alias any object.
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::optional<Packet> PacketReader::next()
{
    const View all = View(pending_).subspan(used_);
    if (all.size() < 4)
        return std::nullopt;
    const std::size_t length = bytes::le32(all, 0);
    if (length == 0 || length > max_packet)
        throw Error(Errc::bad_data,
                    "the other end of the broker's socket does not speak its language");
    if (all.size() - 4 < length)
        return std::nullopt;
    Packet packet{static_cast<Kind>(bytes::u8(all, 4)),
                  Buffer(all.begin() + 5, all.begin() + 4 + static_cast<std::ptrdiff_t>(length))};
    used_ += 4 + length;
    if (used_ == pending_.size() || used_ > max_packet) {
        pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(used_));
        used_ = 0;
    }
    return packet;
}

} // namespace xenlab::serial_cli
