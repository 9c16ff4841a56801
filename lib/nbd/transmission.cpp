// SPDX-License-Identifier: GPL-3.0-or-later
#include "transmission.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace xenlab::nbd {

using proto::Cmd;

namespace {

constexpr std::size_t piece = 256U << 10;            ///< of a long read
constexpr std::size_t max_descriptors = 4096;        ///< in one answer about allocation
constexpr std::uint64_t status_window = 64ULL << 20; ///< asked of the device at a time

bool is(std::uint16_t type, Cmd which)
{
    return type == static_cast<std::uint16_t>(which);
}

/// Flags that the command may carry (proto.md, "Command flags"). FUA is harmless on all of them.
std::uint16_t allowed_flags(std::uint16_t type)
{
    if (is(type, Cmd::read))
        return proto::cmd_flag_fua | proto::cmd_flag_df;
    if (is(type, Cmd::block_status))
        return proto::cmd_flag_fua | proto::cmd_flag_req_one;
    return proto::cmd_flag_fua;
}

} // namespace

Transmission::Transmission(transport::Channel& channel, Input& input, const Agreement& agreement,
                           const ServerOptions& options)
    : channel_(channel), input_(input), agreement_(agreement), options_(options), buffer_(piece)
{
}

TimePoint Transmission::deadline() const
{
    return transport::deadline_in(options_.stall_timeout);
}

void Transmission::report(const Error& error) const
{
    if (options_.device_failed)
        options_.device_failed(error);
}

void Transmission::run()
{
    for (Request request; next(request) && !is(request.type, Cmd::disc);)
        serve(request);
}

bool Transmission::next(Request& request)
{
    if (!input_.wait(transport::no_deadline))
        return false;
    std::array<std::byte, proto::request_size> head{};
    input_.read(head, deadline(), "request");
    if (bytes::be32(head, 0) != proto::request_magic)
        throw Error(Errc::bad_data, fmt::format("{}: not an NBD request", channel_.peer()));
    request = {.flags = bytes::be16(head, 4),
               .type = bytes::be16(head, 6),
               .cookie = bytes::be64(head, 8),
               .offset = bytes::be64(head, 16),
               .length = bytes::be32(head, 24)};
    return true;
}

/// The error that a request deserves by itself, or 0.
std::uint32_t Transmission::problem_of(const Request& request) const
{
    const std::uint64_t size = agreement_.device->size();
    const bool status = is(request.type, Cmd::block_status);
    if ((request.flags & ~allowed_flags(request.type)) != 0 || (status && !agreement_.allocation))
        return proto::einval;
    if (request.length == 0 || request.offset > size || request.length > size - request.offset)
        return proto::einval;
    if (is(request.type, Cmd::read) && request.length > proto::max_payload)
        return proto::einval;
    return 0;
}

void Transmission::serve(const Request& request)
{
    switch (static_cast<Cmd>(request.type)) {
    case Cmd::write:
        drop_write(request);
        [[fallthrough]];
    case Cmd::trim:
    case Cmd::write_zeroes:
        return send_error(request, proto::eperm);
    case Cmd::read:
    case Cmd::block_status:
    case Cmd::cache:
        break;
    default:
        return send_error(request, proto::einval);
    }
    if (const std::uint32_t problem = problem_of(request); problem != 0)
        send_error(request, problem);
    else if (is(request.type, Cmd::read))
        read(request);
    else if (is(request.type, Cmd::block_status))
        block_status(request);
    else
        send_simple(request, 0); // CACHE is a hint
}

/// Nobody may write here, but the payload comes before the client can learn that.
void Transmission::drop_write(const Request& request)
{
    if (request.length > proto::max_payload)
        throw Error(Errc::bad_data,
                    fmt::format("{}: a write of {} bytes", channel_.peer(), request.length));
    for (std::uint32_t left = request.length; left > 0;) { // each piece has its own deadline
        const auto n = std::min<std::uint32_t>(left, piece);
        input_.skip(n, deadline(), "write");
        left -= n;
    }
}

/// False after reporting why it failed. A stop leaves as an Error.
bool Transmission::read_device(std::uint64_t offset, std::span<std::byte> into)
{
    try {
        agreement_.device->read(offset, into);
        return true;
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted)
            throw;
        report(error);
    } catch (const std::exception& error) {
        report(Error(Errc::failed, error.what()));
    }
    return false;
}

void Transmission::read(const Request& request)
{
    if (!agreement_.structured)
        read_simple(request);
    else if ((request.flags & proto::cmd_flag_df) != 0 && request.length > piece)
        send_error(request, proto::eoverflow); // one chunk for it all is more than we hold
    else
        read_structured(request);
}

void Transmission::read_structured(const Request& request)
{
    for (std::uint32_t done = 0; done < request.length;) {
        const auto n = std::min<std::uint32_t>(request.length - done, piece);
        const std::uint64_t offset = request.offset + done;
        const auto data = std::span(buffer_).first(n);
        if (!read_device(offset, data)) {
            Message fields;
            fields.put(proto::eio).put(std::uint16_t{0}).put(offset);
            return send_chunk(request, proto::chunk_done, proto::chunk_error_offset, fields);
        }
        done += n;
        send_chunk(request, done == request.length ? proto::chunk_done : std::uint16_t{0},
                   proto::chunk_offset_data, Message().put(offset), data);
    }
}

/// A simple reply says in its header whether all went well, so all must be read first.
void Transmission::read_simple(const Request& request)
{
    std::vector<std::byte> large(request.length > piece ? request.length : 0);
    const auto data = large.empty() ? std::span(buffer_).first(request.length) : std::span(large);
    if (read_device(request.offset, data))
        send_simple(request, 0, data);
    else
        send_simple(request, proto::eio);
}

void Transmission::block_status(const Request& request)
{
    const std::size_t most = (request.flags & proto::cmd_flag_req_one) != 0 ? 1 : max_descriptors;
    std::vector<std::pair<std::uint32_t, bool>> runs; // length, hole
    const std::uint64_t end = request.offset + request.length;
    try {
        for (std::uint64_t at = request.offset; at < end && runs.size() <= most;) {
            const std::uint64_t n = std::min(status_window, end - at);
            for (const block::Extent& extent : agreement_.device->extents(at, n)) {
                if (runs.empty() || runs.back().second != extent.hole)
                    runs.emplace_back(0, extent.hole);
                runs.back().first +=
                    static_cast<std::uint32_t>(extent.length); // at most the request's
            }
            at += n;
        }
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted)
            throw;
        report(error);
        return send_error(request, proto::eio);
    }
    Message fields;
    fields.put(allocation_id);
    for (std::size_t i = 0; i < std::min(most, runs.size()); ++i)
        fields.put(runs[i].first).put(runs[i].second ? proto::state_hole | proto::state_zero : 0U);
    send_chunk(request, proto::chunk_done, proto::chunk_block_status, fields);
}

void Transmission::send_simple(const Request& request, std::uint32_t error,
                               std::span<const std::byte> data)
{
    std::array<std::byte, proto::simple_reply_size> head{};
    bytes::store_be(head, 0, proto::simple_reply_magic);
    bytes::store_be(head, 4, error);
    bytes::store_be(head, 8, request.cookie);
    channel_.write(head, data.first(std::min(piece, data.size())), deadline());
    for (std::size_t at = piece; at < data.size(); at += piece) // each piece has its own deadline
        channel_.write(data.subspan(at, std::min(piece, data.size() - at)), {}, deadline());
}

void Transmission::send_chunk(const Request& request, std::uint16_t flags, std::uint16_t type,
                              const Message& fields, std::span<const std::byte> data)
{
    Message head;
    head.put(proto::structured_reply_magic).put(flags).put(type).put(request.cookie);
    head.put(static_cast<std::uint32_t>(fields.view().size() + data.size()));
    head.put(text_of(fields.view()));
    channel_.write(head.view(), data, deadline());
}

/// With structured replies, READ and BLOCK_STATUS must be answered by chunks; the rest may be
/// simple.
void Transmission::send_error(const Request& request, std::uint32_t error)
{
    const bool chunked = is(request.type, Cmd::read) || is(request.type, Cmd::block_status);
    if (!agreement_.structured || !chunked)
        return send_simple(request, error);
    send_chunk(request, proto::chunk_done, proto::chunk_error,
               Message().put(error).put(std::uint16_t{0}));
}

} // namespace xenlab::nbd
