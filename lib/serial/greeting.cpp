// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/serial/link.hpp>

#include <algorithm>

namespace xenlab::serial {
namespace {

// "SL1" u8 version, u8 flags, u16 mtu, u16 window, nonce 16, boot 16, instance 8; a later version
// may append more.
constexpr std::array<std::byte, 3> magic{std::byte{'S'}, std::byte{'L'}, std::byte{'1'}};
constexpr std::size_t greeting_size = 49;
constexpr unsigned resume_flag = 1, auth_flag = 2;

} // namespace

Buffer Greeting::encode() const
{
    Buffer out(greeting_size);
    std::copy(magic.begin(), magic.end(), out.begin());
    const unsigned flags = (resume ? resume_flag : 0U) | (auth_required ? auth_flag : 0U);
    bytes::store_le(out, 3, version);
    bytes::store_le(out, 4, static_cast<std::uint8_t>(flags));
    bytes::store_le(out, 5, mtu);
    bytes::store_le(out, 7, window);
    std::copy(nonce.begin(), nonce.end(), out.begin() + 9);
    std::copy(boot.begin(), boot.end(), out.begin() + 25);
    std::copy(instance.begin(), instance.end(), out.begin() + 41);
    return out;
}

std::optional<Greeting> Greeting::decode(View payload)
{
    if (payload.size() < greeting_size || !std::equal(magic.begin(), magic.end(), payload.begin()))
        return std::nullopt;
    Greeting found;
    found.version = bytes::u8(payload, 3);
    const unsigned flags = bytes::u8(payload, 4);
    found.resume = (flags & resume_flag) != 0;
    found.auth_required = (flags & auth_flag) != 0;
    found.mtu = bytes::le16(payload, 5);
    found.window = bytes::le16(payload, 7);
    if (found.mtu < 64 || found.mtu > max_payload || found.window < 512 || found.window > 32 * 1024)
        return std::nullopt;
    const auto field = [&](std::size_t at, std::size_t size) { return payload.subspan(at, size); };
    std::ranges::copy(field(9, 16), found.nonce.begin());
    std::ranges::copy(field(25, 16), found.boot.begin());
    std::ranges::copy(field(41, 8), found.instance.begin());
    return found;
}

} // namespace xenlab::serial
