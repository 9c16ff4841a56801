// SPDX-License-Identifier: GPL-3.0-or-later
#include "replies.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::nbd {

using proto::Cmd;

namespace {

constexpr std::uint32_t max_status_chunk =
    4 + 8 * (1U << 20); ///< nbdkit's limit is a million descriptors
constexpr std::uint32_t max_error_chunk = 64U << 10;
constexpr unsigned max_problems = 16; ///< error chunks for one request

} // namespace

bool Ranges::add(std::uint32_t begin, std::uint32_t end)
{
    const auto after = parts_.lower_bound(begin);
    if (after != parts_.end() && after->first < end)
        return false;
    if (after != parts_.begin()) {
        const auto before = std::prev(after);
        if (before->second > begin)
            return false;
        if (before->second == begin) {
            before->second = end;
            if (after != parts_.end() && after->first == end) {
                before->second = after->second;
                parts_.erase(after);
            }
            return true;
        }
    }
    if (after != parts_.end() && after->first == end) {
        end = after->second;
        parts_.erase(after);
    }
    parts_.emplace(begin, end);
    return parts_.size() <= max_parts;
}

bool Ranges::covers(std::uint32_t length) const
{
    return parts_.size() == 1 && parts_.begin()->first == 0 && parts_.begin()->second == length;
}

Replies::Replies(Input& input, std::string peer, bool structured, std::uint32_t allocation_id)
    : input_(input), peer_(std::move(peer)), structured_(structured), allocation_id_(allocation_id)
{
}

Error Replies::bad(std::string_view what) const
{
    return {Errc::bad_data, fmt::format("{}: {}", peer_, what)};
}

std::uint64_t Replies::expect(std::shared_ptr<Request> request)
{
    pending_.emplace(++last_cookie_, std::move(request));
    return last_cookie_;
}

std::shared_ptr<Request> Replies::find(std::uint64_t cookie)
{
    const auto found = pending_.find(cookie);
    if (found == pending_.end())
        throw bad("a reply to nothing that was asked");
    return found->second;
}

void Replies::finish(std::uint64_t cookie)
{
    find(cookie)->done = true;
    pending_.erase(cookie);
}

bool Replies::receive(TimePoint deadline)
{
    std::array<std::byte, 4> magic{};
    input_.read(magic, deadline, "reply");
    switch (bytes::be32(magic, 0)) {
    case proto::simple_reply_magic:
        return receive_simple(deadline);
    case proto::structured_reply_magic:
        return receive_chunk(deadline);
    default:
        throw bad("not a reply");
    }
}

bool Replies::receive_simple(TimePoint deadline)
{
    std::array<std::byte, proto::simple_reply_size - 4> head{};
    input_.read(head, deadline, "reply");
    const std::uint64_t cookie = bytes::be64(head, 4);
    const auto request = find(cookie);
    request->error = bytes::be32(head, 0);
    // A server that does not know a command may say so this way even then.
    if (structured_ && (request->type == Cmd::read || request->error == 0))
        throw bad("a simple reply where chunks were agreed on");
    if (request->error == 0)
        input_.read(request->into, deadline, "data");
    finish(cookie);
    return true;
}

bool Replies::receive_chunk(TimePoint deadline)
{
    std::array<std::byte, proto::chunk_header_size - 4> head{};
    input_.read(head, deadline, "reply");
    if (!structured_)
        throw bad("a structured reply that was not agreed on");
    const Chunk chunk{.flags = bytes::be16(head, 0),
                      .type = bytes::be16(head, 2),
                      .length = bytes::be32(head, 12)};
    const std::uint64_t cookie = bytes::be64(head, 4);
    const auto request = find(cookie);
    const bool last = (chunk.flags & proto::chunk_done) != 0;
    if ((chunk.type & proto::chunk_error_bit) != 0)
        take_error(*request, chunk.length, deadline);
    else if (chunk.type == proto::chunk_offset_data)
        take_data(*request, chunk.length, deadline);
    else if (chunk.type == proto::chunk_offset_hole)
        take_hole(*request, chunk.length, deadline);
    else if (chunk.type == proto::chunk_block_status)
        take_status(*request, chunk.length, deadline);
    else if (chunk.type != proto::chunk_none || chunk.length != 0 || !last)
        throw bad(fmt::format("a chunk of type {} with {} bytes", chunk.type, chunk.length));
    if (!last)
        return false;
    const bool whole = request->type == Cmd::read ? request->got.covers(request->length)
                                                  : !request->status.empty();
    if (request->error == 0 && !whole)
        throw bad("a reply that leaves a gap");
    finish(cookie);
    return true;
}

/// Where the answer for a part of a read goes; each part may be answered once.
std::span<std::byte> Replies::claim(Request& request, std::uint64_t offset, std::uint32_t length)
{
    const bool inside = request.type == Cmd::read && length != 0 && offset >= request.offset &&
                        offset - request.offset <= request.length &&
                        length <= request.length - (offset - request.offset);
    if (!inside)
        throw bad("data outside what was asked for");
    const auto begin = static_cast<std::uint32_t>(offset - request.offset);
    if (!request.got.add(begin, begin + length))
        throw bad("data that overlaps, or comes in too many pieces");
    return request.into.subspan(begin, length);
}

void Replies::take_data(Request& request, std::uint32_t length, TimePoint deadline)
{
    if (length <= 8)
        throw bad("a chunk without data");
    std::array<std::byte, 8> offset{};
    input_.read(offset, deadline, "chunk");
    input_.read(claim(request, bytes::be64(offset, 0), length - 8), deadline, "data");
}

void Replies::take_hole(Request& request, std::uint32_t length, TimePoint deadline)
{
    if (length != 12)
        throw bad("a hole of the wrong form");
    std::array<std::byte, 12> hole{};
    input_.read(hole, deadline, "chunk");
    std::ranges::fill(claim(request, bytes::be64(hole, 0), bytes::be32(hole, 8)), std::byte{0});
}

void Replies::take_status(Request& request, std::uint32_t length, TimePoint deadline)
{
    if (request.type != Cmd::block_status || !request.status.empty())
        throw bad("a block status that was not asked for");
    if (length < 12 || length % 8 != 4 || length > max_status_chunk)
        throw bad(fmt::format("a block status of {} bytes", length));
    std::array<std::byte, 8> field{};
    input_.read(std::span(field).first(4), deadline, "chunk");
    if (bytes::be32(field, 0) != allocation_id_)
        throw bad("a block status of an unknown kind");
    for (std::uint32_t left = length - 4; left > 0; left -= 8) {
        input_.read(field, deadline, "chunk");
        const Descriptor one{.length = bytes::be32(field, 0), .flags = bytes::be32(field, 4)};
        if (one.length == 0)
            throw bad("an extent without length");
        if (request.status.size() < max_descriptors)
            request.status.push_back(one);
    }
}

/// "NBD_REPLY_TYPE_ERROR" and all types that a later protocol may add: error, length of a message,
/// message.
void Replies::take_error(Request& request, std::uint32_t length, TimePoint deadline)
{
    if (length < 6 || length > max_error_chunk || ++request.problems > max_problems)
        throw bad(fmt::format("an error chunk of {} bytes", length));
    std::vector<std::byte> data(length);
    input_.read(data, deadline, "chunk");
    const std::uint32_t error = bytes::be32(data, 0);
    const std::uint16_t words = bytes::be16(data, 4);
    if (error == 0 || words > length - 6)
        throw bad("an error chunk of the wrong form");
    if (request.error == 0) { // the first one is the cause
        request.error = error;
        request.words =
            text_of(bytes::View(data).subspan(6, std::min<std::size_t>(words, proto::max_string)));
    }
}

} // namespace xenlab::nbd
