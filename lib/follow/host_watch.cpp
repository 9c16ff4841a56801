// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/shell.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/follow/host_watch.hpp>

#include <fmt/format.h>

#include <array>

namespace xenlab::follow {
namespace {

using transport::deadline_in;
using namespace std::chrono_literals;

constexpr std::size_t longest_line = 256U << 10U;
constexpr std::size_t most_domains = 65536;

// Prints a line when something has changed: all interfaces with their state, and each new domain
// with its VM. 'read' and globs are builtins, so a round costs one process (sleep). A domain that
// moves in has a temporary uuid, and /vm/UUID/final-uuid says whose it will be (xenopsd).
constexpr std::string_view watch_script = R"sh(
PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin
echo "connection $SSH_CONNECTION"
echo "time $(date +%s%N)"
xs=; command -v xenstore-read >/dev/null 2>&1 && { xs=1; echo xenstore; }
trap 'exit 0' TERM
seen=none known=' '
while :; do
    now= alive=' '
    for p in /sys/class/net/vif*.* /sys/class/net/tap*.* $more; do
        f=; { read -r f <"$p/flags"; } 2>/dev/null || continue
        n=${p##*/}
        case $f in *[13579bdfBDF]) now="$now $n=up" ;; *) now="$now $n=down" ;; esac
        case $n in vif* | tap*) ;; *) continue ;; esac
        d=${n#???}; d=${d%%.*}
        case $alive in *" $d "*) continue ;; esac
        alive="$alive$d "
        case $known in *" $d "*) continue ;; esac
        [ -n "$xs" ] || continue
        u=$(xenstore-read "/local/domain/$d/vm" 2>/dev/null) || continue
        w=$(xenstore-read "$u/final-uuid" 2>/dev/null) || w=${u#/vm/}
        known="$known$d "
        echo "domain $d $w"
    done
    for d in $known; do
        case $alive in *" $d "*) ;; *) known=${known%% $d *}" "${known#* $d }; echo "left $d" ;; esac
    done
    [ "$now" = "$seen" ] || { echo "interfaces$now"; seen=$now; }
    sleep "$interval" || exit 1
done
)sh";

std::optional<unsigned> number(std::string_view text)
{
    const auto value = text::parse_u64(text);
    if (!value || *value > 0x7fff'ffff || text.size() > 10)
        return std::nullopt;
    return static_cast<unsigned>(*value);
}

Error nonsense(std::string_view line)
{
    return {Errc::bad_data, fmt::format("the host's watcher says {}", text::quoted(line))};
}

void apply_interfaces(HostView& view, std::string_view rest, std::string_view line)
{
    view.interfaces.clear();
    for (const std::string_view word : text::split(rest, ' ')) {
        if (word.empty())
            continue;
        const std::size_t equals = word.rfind('=');
        if (equals == 0 || equals == std::string_view::npos)
            throw nonsense(line);
        view.interfaces[std::string(word.substr(0, equals))] = word.substr(equals + 1) == "up";
    }
}

} // namespace

std::optional<InterfaceName> parse_interface(std::string_view name)
{
    InterfaceName parsed;
    if (name.starts_with("tap"))
        parsed.side = InterfaceName::Side::tap;
    else if (!name.starts_with("vif"))
        return std::nullopt;
    std::string_view rest = name.substr(3);
    if (rest.ends_with("-emu")) {
        parsed.side = InterfaceName::Side::tap;
        rest.remove_suffix(4);
    }
    const std::size_t dot = rest.find('.');
    if (dot == std::string_view::npos)
        return std::nullopt;
    const auto domid = number(rest.substr(0, dot));
    const auto device = number(rest.substr(dot + 1));
    if (!domid || !device)
        return std::nullopt;
    parsed.domid = *domid;
    parsed.device = *device;
    return parsed;
}

bool apply_line(HostView& view, std::string_view line, std::chrono::nanoseconds our_clock)
{
    const std::size_t blank = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, blank);
    const std::string_view rest = line.substr(std::min(blank + 1, line.size()));
    if (word == "interfaces") {
        apply_interfaces(view, rest, line);
        return true;
    }
    if (word == "domain") {
        const std::size_t next = rest.find(' ');
        const auto domid = number(rest.substr(0, next));
        if (!domid || next == std::string_view::npos || view.vms.size() >= most_domains)
            throw nonsense(line);
        view.vms[*domid] = text::to_lower(rest.substr(next + 1));
        return false; // the line of its interfaces follows
    }
    if (word == "left") {
        const auto domid = number(rest);
        if (!domid)
            throw nonsense(line);
        view.vms.erase(*domid);
        return false;
    }
    if (word == "time") {
        const auto time = text::parse_u64(rest);
        if (time && *time < 1ULL << 62U) // a date(1) without %N gives no number: no offset then
            view.clock_offset = std::chrono::nanoseconds(*time) - our_clock;
        return false;
    }
    if (word == "connection")
        view.ssh_connection = rest;
    else if (word == "xenstore")
        view.xenstore = true;
    else
        throw nonsense(line);
    return false;
}

std::string_view lifeline()
{
    // 'head' gives nothing at the end of the input and when 'timeout' ends it.
    return R"sh(exec 3<&0 </dev/null
( while [ "$(timeout 60 head -c 1 <&3)" = . ]; do :; done; kill -TERM $$ ) >/dev/null 2>&1 &
exec 3<&-
)sh";
}

void send_sign_of_life(transport::SshCommand& command)
{
    static constexpr std::array dot{std::byte{'.'}};
    command.write_stdin(dot, deadline_in(5s));
}

HostWatch::HostWatch(transport::SshSession& session, HostWatchOptions options,
                     std::function<void(const HostView&)> changed,
                     std::function<void(const Error&)> ended)
    : session_(session), options_(std::move(options)), changed_(std::move(changed)),
      ended_(std::move(ended)), thread_([this](const std::stop_token& stop) { run(stop); })
{
}

HostWatch::~HostWatch() = default;

void HostWatch::run(const std::stop_token& stop)
{
    try {
        std::string script = fmt::format("interval={:.3f} more=", // whole names, never patterns
                                         std::chrono::duration<double>(options_.interval).count());
        std::string more;
        for (const std::string& name : options_.more)
            more += " /sys/class/net/" + name;
        script += text::shell_word(more) + "\n";
        script += lifeline();
        script += watch_script;
        transport::SshCommandOptions how;
        how.stop = stop;
        const auto command = session_.start(script, how, deadline_in(30s));
        HostView view;
        std::string held;
        std::array<std::byte, 16384> part{};
        auto next_sign = deadline_in(sign_of_life_every);
        for (;;) {
            std::size_t n = 0;
            try {
                n = command->read_stdout(part, next_sign);
            } catch (const Error& error) {
                if (error.code() != Errc::timeout)
                    throw;
                send_sign_of_life(*command);
                next_sign = deadline_in(sign_of_life_every);
                continue;
            }
            if (n == 0)
                throw Error(Errc::unreachable,
                            fmt::format("{}: the watcher on the host ended", session_.peer()));
            held.append(reinterpret_cast<const char*>(part.data()), n);
            bool changed = false;
            for (std::size_t end = 0; (end = held.find('\n')) != std::string::npos;
                 held.erase(0, end + 1))
                changed = apply_line(view, std::string_view(held).substr(0, end),
                                     std::chrono::system_clock::now().time_since_epoch()) ||
                          changed;
            if (held.size() > longest_line)
                throw nonsense(held);
            if (changed)
                changed_(view);
        }
    } catch (const Error& error) {
        if (!stop.stop_requested())
            ended_(error);
    }
}

} // namespace xenlab::follow
