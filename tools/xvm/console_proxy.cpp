// SPDX-License-Identifier: GPL-3.0-or-later
#include "console_proxy.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/transfer/console.hpp>
#include <xenlab/transport/wait_any.hpp>

#include <algorithm>
#include <array>

namespace xvm {
namespace {

constexpr std::chrono::seconds time_for_message{30};
constexpr std::size_t longest_text = 1U << 20U;
constexpr std::size_t piece = 64U << 10U;

/// The connection to the console has ended; not an Error, so that nobody else takes it.
struct ServerGone {};

/// The connection to the viewer has failed, which must not be taken for the console's end.
struct ViewerFailed {
    Error error;
};

transport::TimePoint soon()
{
    return transport::deadline_in(time_for_message);
}

} // namespace

ConsoleProxy::ConsoleProxy(lab::Pool& pool, xapi::Ref<xapi::Vm> vm,
                           std::unique_ptr<rfb::Channel> viewer, std::stop_token stop, Say say)
    : pool_(pool), vm_(std::move(vm)), viewer_(std::move(viewer)), stop_(std::move(stop)),
      say_(std::move(say))
{
}

rfb::Bytes ConsoleProxy::read_viewer(std::size_t count)
{
    try {
        return rfb::read_bytes(*viewer_, count, soon());
    } catch (const Error& error) {
        throw ViewerFailed{error};
    }
}

void ConsoleProxy::to_viewer(std::span<const std::byte> data)
{
    try {
        viewer_->write(data, {}, soon());
    } catch (const Error& error) {
        throw ViewerFailed{error};
    }
}

void ConsoleProxy::to_server(const rfb::Bytes& message)
{
    if (!server_)
        return; // while there is none, keys go nowhere
    try {
        server_->write(message, {}, soon());
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted)
            throw;
        throw ServerGone{};
    }
}

/// Handles what the viewer says meanwhile; false when it has gone.
bool ConsoleProxy::wait_for_viewer(std::chrono::milliseconds time)
{
    const std::array<rfb::Channel*, 1> all{viewer_.get()};
    const auto until = transport::deadline_in(time);
    while (ready_ && !transport::wait_any(all, until, stop_).empty())
        if (!from_viewer())
            return false;
    if (!ready_)
        transport::wait_any({}, until, stop_);
    return true;
}

/// The console as it is now, for a viewer that may have seen another one.
void ConsoleProxy::connect()
{
    server_ = transfer::open_console(pool_, vm_, transfer::ConsoleKind::graphical, soon(), stop_);
    const rfb::Screen screen = rfb::greet_server(*server_, soon());
    if (!ready_) {
        screen_ = screen;
        take_format(screen.pixel_format);
        to_viewer(rfb::encode(screen));
        ready_ = true;
        return;
    }
    greet_again(screen);
}

void ConsoleProxy::greet_again(const rfb::Screen& screen)
{
    if (screen.width != screen_->width || screen.height != screen_->height) {
        if (!resizes_)
            throw ViewerFailed{Error(Errc::failed, "the screen has another size now, which the "
                                                   "viewer does not understand")};
        rfb::Bytes update{std::byte{0}, std::byte{0}};
        rfb::put16(update, 1);
        rfb::put32(update, 0);
        rfb::put16(update, screen.width);
        rfb::put16(update, screen.height);
        rfb::put32(update, static_cast<std::uint32_t>(rfb::desktop_size));
        to_viewer(update);
        screen_->width = screen.width;
        screen_->height = screen.height;
    }
    rfb::Bytes format = pixel_format_;
    if (format.empty()) { // the form of the first console's pixels
        format.assign(4, std::byte{0});
        format.insert(format.end(), screen_->pixel_format.begin(), screen_->pixel_format.end());
    }
    to_server(format);
    if (resizes_)
        to_server(rfb::set_encodings(std::array{rfb::copy_rect, rfb::raw, rfb::desktop_size}));
    else
        to_server(rfb::set_encodings(std::array{rfb::copy_rect, rfb::raw}));
    to_server(rfb::update_request(false, screen_->width, screen_->height));
}

/// One message of the viewer; false at its end.
bool ConsoleProxy::from_viewer()
{
    std::array<std::byte, 1> type{};
    try {
        if (viewer_->read(type, soon()) == 0)
            return false;
    } catch (const Error& error) {
        throw ViewerFailed{error};
    }
    rfb::Bytes message{type.front()};
    const auto more = [&](std::size_t count) {
        const rfb::Bytes data = read_viewer(count);
        message.insert(message.end(), data.begin(), data.end());
    };
    switch (std::to_integer<int>(type.front())) {
    case 0:
        more(19);
        pixel_format_ = message;
        take_format(std::span(message).subspan(4));
        break;
    case 2: {
        more(3);
        const rfb::Bytes wanted = read_viewer(std::size_t{4} * rfb::be16(message, 2));
        resizes_ = false;
        for (std::size_t at = 0; at < wanted.size(); at += 4)
            resizes_ =
                resizes_ || static_cast<std::int32_t>(rfb::be32(wanted, at)) == rfb::desktop_size;
        message = resizes_
                      ? rfb::set_encodings(std::array{rfb::copy_rect, rfb::raw, rfb::desktop_size})
                      : rfb::set_encodings(std::array{rfb::copy_rect, rfb::raw});
        break;
    }
    case 3:
        more(9);
        break;
    case 4:
        more(7);
        break;
    case 5:
        more(5);
        break;
    case 6:
        more(7);
        if (rfb::be32(message, 4) > longest_text)
            throw ViewerFailed{Error(Errc::bad_data, "the viewer pastes too much")};
        more(rfb::be32(message, 4));
        break;
    default:
        throw ViewerFailed{
            Error(Errc::bad_data, "the viewer speaks an extension that was not offered")};
    }
    to_server(message);
    return true;
}

/// The form of the pixels from now on (RFC 6143 7.4).
void ConsoleProxy::take_format(std::span<const std::byte> format)
{
    const auto byte = [&](std::size_t at) { return std::to_integer<std::size_t>(format[at]); };
    pixel_bytes_ = byte(0) / 8;
    unused_byte_.reset();
    std::size_t unused = 0 + 1 + 2 + 3;
    for (std::size_t colour = 0; colour < 3; ++colour) {
        const std::size_t shift = byte(10 + colour);
        if (rfb::be16(format, 4 + 2 * colour) != 255 || shift % 8 != 0 || shift > 24)
            return;
        unused -= std::min(unused, shift / 8);
    }
    if (byte(0) == 32 && byte(3) != 0 && unused < 4)
        unused_byte_ = byte(2) != 0 ? 3 - unused : unused;
}

/// So many bytes from the console to the viewer. In pixels, bits that mean nothing are set: noVNC
/// 1.3 takes them for the opacity of all but the first lines of a rectangle (core/decoders/raw.js).
///  When the console ends before, the viewer gets
/// zeros for the rest, so that it stays in step, and then ServerGone is thrown.
void ConsoleProxy::pass(std::size_t count, bool pixels)
{
    std::size_t place = 0;
    rfb::Bytes buffer(std::min(count, piece));
    bool gone = false;
    while (count > 0) {
        auto part = std::span(buffer).first(std::min(count, buffer.size()));
        if (!gone) {
            try {
                const std::size_t n = server_->read(part, soon());
                gone = n == 0;
                part = gone ? part : part.first(n);
            } catch (const Error& error) {
                if (error.code() == Errc::interrupted)
                    throw;
                gone = true;
            }
        }
        if (gone)
            std::fill(part.begin(), part.end(), std::byte{0});
        if (pixels && unused_byte_)
            for (std::size_t i = (*unused_byte_ + 4 - place % 4) % 4; i < part.size(); i += 4)
                part[i] = std::byte{0xFF};
        to_viewer(part);
        place += part.size();
        count -= part.size();
    }
    if (gone)
        throw ServerGone{};
}

void ConsoleProxy::pass_rectangle(unsigned& left)
{
    const rfb::Bytes head = [&] {
        try {
            return rfb::read_bytes(*server_, 12, soon());
        } catch (const Error& error) {
            if (error.code() == Errc::interrupted)
                throw;
            throw ServerGone{};
        }
    }();
    const auto encoding = static_cast<std::int32_t>(rfb::be32(head, 8));
    if (encoding != rfb::raw && encoding != rfb::copy_rect && encoding != rfb::desktop_size)
        throw ServerGone{}; // it does what it was not asked for: better begin anew
    to_viewer(head);
    --left;
    const std::uint16_t width = rfb::be16(head, 4), height = rfb::be16(head, 6);
    if (encoding == rfb::raw) {
        pass(std::size_t{width} * height * pixel_bytes_, true);
    } else if (encoding == rfb::copy_rect) {
        pass(4);
    } else {
        screen_->width = width;
        screen_->height = height;
    }
}

void ConsoleProxy::pass_update()
{
    rfb::Bytes head{std::byte{0}};
    const rfb::Bytes rest = rfb::read_bytes(*server_, 3, soon());
    head.insert(head.end(), rest.begin(), rest.end());
    unsigned left = rfb::be16(head, 2);
    to_viewer(head);
    try {
        while (left > 0)
            pass_rectangle(left);
    } catch (const ServerGone&) {
        for (; left > 0; --left) // empty ones in place of those that do not come
            to_viewer(rfb::Bytes(12));
        throw;
    }
}

/// One message of the console.
void ConsoleProxy::from_server()
{
    try {
        std::array<std::byte, 1> type{};
        if (server_->read(type, soon()) == 0)
            throw ServerGone{};
        rfb::Bytes head{type.front()};
        const auto more = [&](std::size_t count) {
            const rfb::Bytes data = rfb::read_bytes(*server_, count, soon());
            head.insert(head.end(), data.begin(), data.end());
        };
        switch (std::to_integer<int>(type.front())) {
        case 0:
            pass_update();
            return;
        case 1:
            more(5);
            to_viewer(head);
            pass(std::size_t{6} * rfb::be16(head, 4));
            return;
        case 2:
            to_viewer(head);
            return;
        case 3:
            more(7);
            if (rfb::be32(head, 4) > longest_text)
                throw ServerGone{};
            to_viewer(head);
            pass(rfb::be32(head, 4));
            return;
        default:
            throw ServerGone{};
        }
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted)
            throw;
        throw ServerGone{};
    }
}

void ConsoleProxy::run()
{
    rfb::greet_client(*viewer_, soon());
    try {
        serve();
    } catch (const ViewerFailed& failure) {
        throw failure.error;
    }
}

void ConsoleProxy::serve()
{
    bool told = false;
    for (;;) {
        try {
            connect();
            if (std::exchange(told, false))
                say_("the console is back");
            for (;;) {
                const std::array<rfb::Channel*, 2> all{viewer_.get(), server_.get()};
                for (const std::size_t i :
                     transport::wait_any(all, transport::no_deadline, stop_)) {
                    if (i == 0 && !from_viewer())
                        return;
                    if (i == 1)
                        from_server();
                }
            }
        } catch (const ServerGone&) { // a reboot, a migration, or the end
        } catch (const Error& error) {
            const bool waits = error.code() == Errc::precondition ||
                               error.code() == Errc::unreachable || error.code() == Errc::failed;
            if (!waits || (!ready_ && !server_ && error.code() == Errc::precondition && !told))
                throw;
        }
        server_.reset();
        if (!std::exchange(told, true))
            say_("the console has ended; waiting for the next");
        if (!wait_for_viewer(std::chrono::milliseconds(500)))
            return;
    }
}

} // namespace xvm
