// SPDX-License-Identifier: GPL-3.0-or-later
// Block status (proto.md, "`base:allocation` metadata context") as extents.
#include "client.hpp"

#include <algorithm>

namespace xenlab::nbd {
namespace {

constexpr std::uint64_t max_status = 1ULL << 30; ///< of one question about allocation
constexpr std::size_t max_extents = 1U << 20;    ///< of one answer of ours
constexpr unsigned max_questions = 1U << 16;     ///< for one answer of ours

} // namespace

/// Adds what the server said about [request.offset, end) and returns how far that goes.
std::uint64_t Client::append_status(const Request& request, std::uint64_t end,
                                    std::vector<block::Extent>& all) const
{
    std::uint64_t at = request.offset;
    for (const Descriptor& one : request.status) {
        if (at >= end) // only the last one may go beyond the request, and nobody needs that
            break;
        const std::uint64_t n = std::min<std::uint64_t>(one.length, end - at);
        const bool hole = (one.flags & proto::state_zero) != 0;
        if (!all.empty() && all.back().hole == hole)
            all.back().length += n;
        else
            all.push_back({.offset = at, .length = n, .hole = hole});
        at += n;
    }
    return at;
}

std::vector<block::Extent> Client::extents(std::uint64_t offset, std::uint64_t length)
{
    block::check_range(server_.size, offset, length);
    if (!server_.allocation_id || length == 0)
        return BlockDevice::extents(offset, length);
    const std::uint32_t block = server_.min_block;
    const std::uint64_t end = offset + length;
    std::uint64_t at = offset - offset % block;
    std::vector<block::Extent> all;
    for (unsigned n = 0; at < end && n < max_questions && all.size() < max_extents; ++n) {
        const std::uint64_t rounded = std::min((end + block - 1) / block * block, server_.size);
        const auto asked = static_cast<std::uint32_t>(std::min(max_status, rounded - at));
        const Shared request = alive([&] {
            auto sent = send({.type = proto::Cmd::block_status, .offset = at, .length = asked});
            wait(*sent);
            return sent;
        });
        if (request->error == proto::einval || request->error == proto::enotsup)
            break; // it cannot tell; the rest counts as data
        if (request->error != 0)
            throw failure(*request, "tell the extents of");
        at = append_status(*request, end, all);
    }
    if (at < end)
        all.push_back({.offset = at, .length = end - at, .hole = false});
    while (all.front().offset + all.front().length <=
           offset) // the server's block began in front of it
        all.erase(all.begin());
    all.front().length -= offset - std::min(offset, all.front().offset);
    all.front().offset = std::max(offset, all.front().offset);
    return all;
}

} // namespace xenlab::nbd
