// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm_host.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/shell.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <array>

namespace xenlab::serial_cli {
namespace {

using namespace std::chrono_literals;
using transport::deadline_in;
using transport::no_deadline;

// Says one line, then carries bytes. The subshell is no session leader, so the terminal does not
// become its own. What an earlier connection of ours left there when the network died is ended
// first. xl console locks a file of the domain; two readers of one terminal would share its bytes.
// A domain that moved in has a uuid of its own, and final-uuid says whose it is (xenopsd). 'kill 0'
// ends all of this script, whichever end ended first.
constexpr std::string_view script = R"sh(
PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin
say() { echo "xenlab $*"; }
command -v xenstore-read >/dev/null 2>&1 || { say refused the host has no xenstore-read; exit 1; }
u=$(xenstore-read "/local/domain/$domid/vm" 2>/dev/null)
w=$(xenstore-read "$u/final-uuid" 2>/dev/null) || w=${u#/vm/}
[ "$w" = "$uuid" ] || { say moved; exit 1; }
tty=$(xenstore-read "/local/domain/$domid/$node" 2>/dev/null)
case $tty in /dev/*) ;; *) say none; exit 1 ;; esac
for p in $(grep -lsz "^XENLAB_SERIAL=$owner\$" /proc/[0-9]*/environ); do
    p=${p#/proc/}; kill "${p%/*}"
done 2>/dev/null
export XENLAB_SERIAL="$owner"
exec 3<&0 </dev/null
(
    exec 4<>"$tty" || { say refused "$tty" cannot be opened; exit 1; }
    if command -v flock >/dev/null 2>&1; then
        flock -w 3 4 || { say busy; exit 1; }
        l=/var/lock/xenconsole.$domid
        [ ! -e "$l" ] || { exec 5<"$l" && flock -w 1 5; } || { say busy; exit 1; }
    fi
    [ "$(xenstore-read "/local/domain/$domid/$node" 2>/dev/null)" = "$tty" ] || { say moved; exit 1; }
    stty raw -echo -iexten cs8 clocal -crtscts <&4 2>/dev/null || stty raw -echo <&4
    say ready "$tty"
    { cat <&3 >&4; kill 0; } 2>/dev/null &
    exec 3<&-
    cat <&4 2>/dev/null
    kill 0
)
)sh";

class CommandEnd final : public FarEnd {
  public:
    explicit CommandEnd(std::unique_ptr<transport::SshCommand> command)
        : command_(std::move(command))
    {
    }
    std::size_t read(std::span<std::byte> buffer) override
    {
        return command_->read_stdout(buffer, no_deadline);
    }
    void write(std::span<const std::byte> data) override
    {
        command_->write_stdin(data, no_deadline);
    }

  private:
    std::unique_ptr<transport::SshCommand> command_;
};

/// A forwarded channel waits for each direction by itself (ssh_session.cpp), so two threads may.
class ChannelEnd final : public FarEnd {
  public:
    explicit ChannelEnd(std::unique_ptr<transport::Channel> channel) : channel_(std::move(channel))
    {
    }
    std::size_t read(std::span<std::byte> buffer) override
    {
        return channel_->read(buffer, no_deadline);
    }
    void write(std::span<const std::byte> data) override { channel_->write({}, data, no_deadline); }

  private:
    std::unique_ptr<transport::Channel> channel_;
};

/// The first line of the script; `rest` is what came behind it.
std::string first_line(transport::SshCommand& command, std::string& rest)
{
    constexpr std::size_t longest = 4096;
    const auto deadline = deadline_in(30s);
    std::array<std::byte, 4096> buffer{};
    while (rest.find('\n') == std::string::npos) {
        const std::size_t count = command.read_stdout(buffer, deadline);
        if (count == 0 || rest.size() > longest)
            throw Error(Errc::unreachable, "the host's shell does not answer as expected");
        rest.append(reinterpret_cast<const char*>(buffer.data()), count); // char may alias any
    }
    const std::string line = rest.substr(0, rest.find('\n'));
    rest.erase(0, line.size() + 1);
    return line;
}

Error refusal(const std::string& line, const VmPort& port)
{
    if (line == "xenlab moved")
        return {Errc::unreachable,
                fmt::format("{} has just left domain {} of {}", port.vm, port.domid, port.host)};
    if (line == "xenlab busy")
        return {Errc::precondition,
                fmt::format("somebody else has the port of {} open on {}", port.vm, port.host),
                "perhaps xl console, or a serial-cli elsewhere"};
    if (line == "xenlab none")
        return {Errc::precondition,
                fmt::format("{} has no terminal for the {} of {}", port.host,
                            port.serial ? "serial port" : "console", port.vm),
                fmt::format("xvm serial show {0} tells where the port leads; a setting counts from "
                            "the next start on (xvm reboot {0})",
                            port.vm)};
    return {
        Errc::precondition,
        fmt::format("{}: {}", port.host,
                    text::printable(line.starts_with("xenlab refused ") ? line.substr(15) : line))};
}

} // namespace

OpenedLine open_host_terminal(VmPump& pump, const VmPort& port)
{
    const std::string text = fmt::format(
        "domid={} uuid={} node={} owner={}\n{}", port.domid, text::shell_word(port.uuid),
        port.serial ? "serial/0/tty" : "console/tty", text::shell_word(port.owner), script);
    transport::SshCommandOptions options;
    options.stop = pump.token();
    auto command = pump.session().start(text, options, deadline_in(30s));
    std::string rest;
    const std::string line = first_line(*command, rest);
    constexpr std::string_view ready = "xenlab ready ";
    if (!line.starts_with(ready))
        throw refusal(line, port);
    OpenedLine opened;
    opened.where = fmt::format("{} of domain {} on {}", text::printable(line.substr(ready.size())),
                               port.domid, port.host);
    opened.small_buffers = !port.serial;
    opened.fd = pump.start(std::make_unique<CommandEnd>(std::move(command)), std::move(rest));
    return opened;
}

OpenedLine open_host_tcp(VmPump& pump, const VmPort& port, std::uint16_t number)
{
    auto channel = pump.session().forward_tcp("127.0.0.1", number, deadline_in(15s), pump.token());
    OpenedLine opened;
    opened.where = fmt::format("127.0.0.1:{} of domain {} on {}", number, port.domid, port.host);
    opened.fd = pump.start(std::make_unique<ChannelEnd>(std::move(channel)), {});
    return opened;
}

} // namespace xenlab::serial_cli
