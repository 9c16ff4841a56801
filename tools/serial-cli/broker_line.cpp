// SPDX-License-Identifier: GPL-3.0-or-later
// The connection to the port: made in a thread, kept, and made again when it breaks.
#include "broker.hpp"

#include <xenlab/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <unistd.h>

namespace xenlab::serial_cli {
namespace {

constexpr Millis first_pause = 500, usual_pause = 1000;

} // namespace

void Broker::connect_line()
{
    connecting_ =
        std::async(std::launch::async, [target = options_.target, vm = vm_.get(), stop = stop_] {
            return vm != nullptr ? vm->open(stop) : open_line(target, stop);
        });
}

void Broker::line_connected()
{
    try {
        OpenedLine opened = connecting_.get();
        line_ = std::move(opened.fd);
        ++connections_;
        connected_at_ = now_;
        line_error_.clear();
        log_.event(fmt::format("connected to {}", opened.where));
        if (opened.small_buffers)
            link_.limit(512, 8192); // serial-link.md 6: the ring of a PV console has 1024 bytes
        to_line_.clear();
        if (!exclusive())
            link_.line_restored(now_);
    } catch (const Error& error) {
        if (line_error_ != error.what())
            log_.event(error.what());
        line_error_ = error.what();
        connect_at_ = now_ + (connections_ == 0 ? first_pause : usual_pause);
        for (Client& client : clients_) // the first try tells whether the target makes sense
            if (connections_ == 0 && (client.attach_until != 0 || client.raw)) {
                client.attach_until = 0;
                fail(client, error.code(), error.what(), error.hint());
            }
    }
}

void Broker::line_lost(std::string_view why)
{
    log_.event(fmt::format("connection lost: {}", why));
    line_error_ = why;
    line_.reset();
    to_line_.clear();
    connect_at_ = now_ + first_pause;
}

void Broker::read_line()
{
    Buffer buffer(64 * 1024);
    const ssize_t count = ::read(line_.get(), buffer.data(), buffer.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0) {
        line_lost(count == 0 ? "the other end has closed it" : std::strerror(errno));
        return;
    }
    const View data = View(buffer).first(static_cast<std::size_t>(count));
    bytes_in_ += data.size();
    if (exclusive()) {
        for (Client& client : clients_)
            if (client.raw)
                append_packet(client.out, Kind::bytes, data);
        return;
    }
    link_.receive(data, now_);
}

void Broker::write_line()
{
    for (;;) {
        Buffer& out = raw_to_line_.empty() ? to_line_ : raw_to_line_;
        if (&out == &to_line_ && !exclusive()) {
            constexpr std::size_t enough = 4096;
            while (out.size() < enough && link_.next_frame(out, now_)) {
            }
        }
        if (out.empty())
            return;
        const ssize_t count = ::write(line_.get(), out.data(), out.size());
        if (count < 0) {
            if (errno != EAGAIN && errno != EINTR)
                line_lost(std::strerror(errno));
            return;
        }
        bytes_out_ += static_cast<std::uint64_t>(count);
        out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count));
        if (!out.empty())
            return;
    }
}

} // namespace xenlab::serial_cli
