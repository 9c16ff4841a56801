// SPDX-License-Identifier: GPL-3.0-or-later
// A VNC port for the screen of one VM, whose viewers stay while the VM is rebooted or migrated.
//
// The console of a VM ends with its domain, in the middle of a message if need be. So the proxy
// knows where messages begin and end: it offers the server encodings that are easy to follow (raw
// and copies), fills up what was cut off, and then greets the new console as the old viewer.
#pragma once

#include "rfb.hpp"
#include "xvm.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace xvm {

/// One viewer. All of it in the thread that calls run().
class ConsoleProxy {
  public:
    using Say = std::function<void(std::string_view)>;
    ConsoleProxy(lab::Pool& pool, xapi::Ref<xapi::Vm> vm, std::unique_ptr<rfb::Channel> viewer,
                 std::stop_token stop, Say say);

    /// Until the viewer goes. Throws Error{interrupted}, and what the viewer does wrong:
    /// Error{timeout} when it does not read, Error{unreachable} when it is cut off.
    void run();

  private:
    void serve();
    void connect();
    void greet_again(const rfb::Screen& screen);
    bool wait_for_viewer(std::chrono::milliseconds time);
    bool from_viewer();
    void from_server();
    void pass_update();
    void pass_rectangle(unsigned& left);
    void pass(std::size_t count, bool pixels = false);
    void take_format(std::span<const std::byte> format);
    void to_server(const rfb::Bytes& message);
    void to_viewer(std::span<const std::byte> data);
    rfb::Bytes read_viewer(std::size_t count);

    lab::Pool& pool_;
    xapi::Ref<xapi::Vm> vm_;
    std::unique_ptr<rfb::Channel> viewer_, server_;
    std::stop_token stop_;
    Say say_;
    std::optional<rfb::Screen> screen_; ///< as the viewer knows it
    rfb::Bytes pixel_format_;           ///< the viewer's SetPixelFormat, if it sent one
    std::size_t pixel_bytes_ = 4;
    std::optional<std::size_t> unused_byte_; ///< of a pixel's four
    bool resizes_ = false;                   ///< the viewer understands another size of the screen
    bool ready_ = false;                     ///< the viewer has its ServerInit
};

} // namespace xvm
