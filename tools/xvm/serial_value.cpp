// SPDX-License-Identifier: GPL-3.0-or-later
#include "serial_value.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/lab/serial_setting.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xvm {

using namespace xenlab;

namespace {

bool has(const std::vector<std::string_view>& options, std::string_view name)
{
    return std::any_of(options.begin(), options.end(), [&](std::string_view option) {
        return option == name || option.starts_with(std::string(name) + "=");
    });
}

std::uint16_t port_of(const std::string& text)
{
    const auto port = text::parse_u64(text);
    if (!port || *port == 0 || *port > 65535)
        throw Error(Errc::usage, fmt::format("{} is no port", text::quoted(text)));
    return static_cast<std::uint16_t>(*port);
}

bool plain(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c != 0x7f && static_cast<signed char>(c) > 0;
    });
}

SerialValue parse_tcp(std::string_view text)
{
    auto parts = lab::split_serial_tcp(text);
    if (!parts)
        throw Error(Errc::usage, fmt::format("{} is no TCP serial port", text::quoted(text)),
                    "as in tcp:127.0.0.1:7001,server");
    SerialValue serial;
    serial.counts_up = parts->port.ends_with('+');
    if (serial.counts_up)
        parts->port.pop_back();
    serial.host = parts->host;
    serial.port = port_of(parts->port);
    serial.listens = parts->listens();
    serial.value = fmt::format("tcp:{}:{}", parts->host, parts->port);
    for (const std::string_view option : parts->options)
        serial.value += fmt::format(",{}", option);
    if (serial.counts_up && !serial.listens)
        throw Error(Errc::usage, "only a port that is listened on can count up");
    if (serial.listens) {
        // Without it QEMU waits for a client before the VM boots, and VM.start fails.
        if (!has(parts->options, "nowait") && !has(parts->options, "wait"))
            serial.value += ",nowait";
        if (!has(parts->options, "nodelay"))
            serial.value += ",nodelay";
        if (serial.host != "127.0.0.1" && serial.host != "localhost" && serial.host != "[::1]")
            serial.warnings.emplace_back(
                "the port has no password, and more than the host itself may "
                "reach it: bind it to 127.0.0.1 and go there through SSH");
    } else if (!has(parts->options, "reconnect")) {
        serial.warnings.emplace_back(
            "the VM does not start when nobody listens there; ,reconnect=5 "
            "makes QEMU try again");
    }
    return serial;
}

} // namespace

SerialValue parse_serial(std::string_view text)
{
    if (text.empty() || text.size() > 200 || !plain(text))
        throw Error(Errc::usage,
                    fmt::format("{} is no value for a serial port", text::quoted(text)));
    if (text.starts_with("tcp:"))
        return parse_tcp(text);
    if (text == "pty" || text == "none" || text == "null")
        return {.value = std::string(text), .warnings = {}, .host = {}, .port = {}};
    if (text.starts_with("file:/") || text.starts_with("pipe:/"))
        return {.value = std::string(text),
                .warnings = {"the guest can fill the host's disk through it"},
                .host = {},
                .port = {}};
    for (const std::string_view unreachable : {"telnet:", "udp:", "unix:", "websocket:"})
        if (text.starts_with(unreachable))
            throw Error(
                Errc::usage,
                fmt::format("{} would be out of reach: QEMU has a network namespace of its own, "
                            "except for values that begin with tcp",
                            unreachable),
                "tcp:127.0.0.1:PORT,server does the same");
    throw Error(Errc::usage, fmt::format("{} is no value for a serial port", text::quoted(text)),
                "pty, none, null, file:/PATH, or tcp:HOST:PORT[,server]");
}

SerialValue with_port(const SerialValue& serial, std::uint16_t port)
{
    SerialValue changed = serial;
    const std::string old = fmt::format("tcp:{}:{}", serial.host, serial.port.value_or(0));
    changed.value = fmt::format("tcp:{}:{}{}", serial.host, port, serial.value.substr(old.size()));
    changed.port = port;
    return changed;
}

} // namespace xvm
