// SPDX-License-Identifier: GPL-3.0-or-later
// The capture itself: where from, where to, and what to say at the end.
#include "modes.hpp"
#include "pool_targets.hpp"
#include "recorder.hpp"
#include "wireshark.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/pcap/filter.hpp>

#include <climits>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

#include <unistd.h>

namespace vifcap {

using namespace xenlab;
using nlohmann::ordered_json;

namespace {

std::string joined(const std::vector<std::string>& words)
{
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : " ") + word;
    return text;
}

/// Who captures, for --reap on a host that several people use.
std::string tag()
{
    std::array<char, HOST_NAME_MAX + 1> name{};
    ::gethostname(name.data(), name.size() - 1);
    return fmt::format("{}:{}", name.data(), ::getpid());
}

/// Linux allows more; these are the ones that hypervisors have, and no shell reads them otherwise.
void check_interface(const std::string& name)
{
    const bool good =
        !name.empty() && name.size() < 16 && name.front() != '-' && name != "." && name != ".." &&
        std::all_of(name.begin(), name.end(), [](unsigned char c) {
            return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-' || c == '@' || c == ':';
        });
    if (!good)
        throw Error(Errc::usage, fmt::format("{} is no name of an interface", text::quoted(name)));
    if (name == "any")
        throw Error(Errc::usage, "the interface any would capture this very connection",
                    "name one interface, or a domain with --domid");
}

void check_options(const Options& o)
{
    const int named =
        (o.interface.empty() ? 0 : 1) + (o.domid ? 1 : 0) + (o.vm_uuid.empty() ? 0 : 1);
    if (o.ssh_host.empty() && named > 0)
        throw Error(Errc::usage, "--interface, --domid and --vm-uuid need --ssh-host");
    if (!o.ssh_host.empty() && (named != 1 || !o.vms.empty()))
        throw Error(Errc::usage,
                    "--ssh-host needs one of --interface, --domid and --vm-uuid, and no VM");
    if (o.ssh_host.empty() && o.vms.empty())
        throw Error(Errc::usage, "no VM is named",
                    "name one, or see what there is with vifcap --list");
    if (!o.interface.empty())
        check_interface(o.interface);
    if (!o.vm_uuid.empty() && !lab::is_uuid(o.vm_uuid))
        throw Error(Errc::usage, fmt::format("{} is no uuid", text::quoted(o.vm_uuid)));
    if (o.rotation.size != 0 && (o.write.empty() || o.write == "-"))
        throw Error(Errc::usage, "--rotate needs a file: -w FILE");
    const std::string filter = joined(o.filter);
    pcap::check_filter(filter);
}

Target host_target(const Options& o)
{
    Target target;
    target.interface = o.interface;
    target.domid = o.domid;
    target.vm_uuid = text::to_lower(o.vm_uuid);
    target.label = !o.interface.empty() ? o.interface
                   : o.domid            ? fmt::format("domain {}", *o.domid)
                                        : "VM " + target.vm_uuid;
    return target;
}

/// Where the bytes go: a file, standard output, or a Wireshark of our own.
class Destination {
  public:
    Destination(const Options& o, const cli::Context& context) : path_(o.write)
    {
        if (!o.fifo.empty())
            path_ = o.fifo;
        if (path_.empty() && ::isatty(STDOUT_FILENO) == 1) {
            wireshark_ = start_wireshark();
            sink_ = pipe_sink(wireshark_->input(), "wireshark", context.stop);
        } else if (path_.empty() || path_ == "-") {
            if (::isatty(STDOUT_FILENO) == 1)
                throw Error(Errc::usage, "packets are not written to a terminal",
                            "write to a file with -w, or into a pipe: | tshark -r -");
            sink_ = pipe_sink(STDOUT_FILENO, "standard output", context.stop);
        } else if (!o.fifo.empty()) {
            fifo_ = open_fifo(path_, context.stop);
            sink_ = pipe_sink(fifo_.get(), path_, context.stop);
        }
    }
    [[nodiscard]] io::ByteSink* sink() const { return sink_.get(); }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] bool standard_output() const { return sink_ && !wireshark_ && !fifo_; }

  private:
    std::string path_;
    std::unique_ptr<Wireshark> wireshark_;
    io::Fd fifo_;
    std::unique_ptr<io::ByteSink> sink_;
};

struct Totals {
    std::uint64_t written = 0, received = 0, dropped = 0, lost = 0;
};

Totals totals_of(const std::vector<Epoch>& epochs)
{
    Totals all;
    for (const Epoch& epoch : epochs) {
        all.written += epoch.end.written;
        all.received += epoch.end.received.value_or(0);
        all.dropped += epoch.end.dropped.value_or(0);
        all.lost += epoch.end.lost();
    }
    return all;
}

ordered_json document(const std::vector<Epoch>& epochs, const Output& output, double seconds)
{
    const auto number = [](const std::optional<std::uint64_t>& value) {
        return value ? ordered_json(*value) : ordered_json();
    };
    const Totals all = totals_of(epochs);
    ordered_json items = ordered_json::array();
    for (const Epoch& epoch : epochs)
        items.push_back({{"nic", epoch.label},
                         {"interface", epoch.interface},
                         {"host", epoch.host},
                         {"packets", epoch.end.written},
                         {"received", number(epoch.end.received)},
                         {"dropped", number(epoch.end.dropped)},
                         {"lost", epoch.end.lost()},
                         {"problem", epoch.end.problem}});
    return {{"schema", "vifcap/1"},     {"packets", output.packets()},
            {"received", all.received}, {"dropped", all.dropped},
            {"lost", all.lost},         {"seconds", seconds},
            {"files", output.files()},  {"epochs", items}};
}

void say_summary(const std::vector<Epoch>& epochs, const Output& output,
                 const cli::Context& context)
{
    const Totals all = totals_of(epochs);
    const std::string words =
        fmt::format("{} packets from {} interface{}: {} received, {} dropped by the kernel, {} "
                    "lost when an interface went",
                    output.packets(), epochs.size(), epochs.size() == 1 ? "" : "s", all.received,
                    all.dropped, all.lost);
    if (all.dropped + all.lost > 0)
        context.warning(words);
    else
        context.note(words);
}

} // namespace

transport::SshOptions ssh_options(const Options& options, const cli::Context& context)
{
    transport::SshOptions ssh;
    ssh.config_file = options.ssh_config;
    ssh.note = [&context](std::string_view words) { context.note(words); };
    return ssh;
}

int capture_mode(const Options& o, cli::Context& context)
{
    check_options(o);
    const bool json =
        context.shared.format == cli::Format::json || context.shared.format == cli::Format::jsonl;
    std::optional<PoolTargets> pool; // outlives the recorder
    std::vector<Target> targets;
    if (o.ssh_host.empty()) {
        pool.emplace(o, context);
        targets = pool->resolve();
    } else {
        targets.push_back(host_target(o));
    }
    const Destination destination(o, context);
    if (json && destination.standard_output())
        throw Error(Errc::usage, "--json needs the packets elsewhere: -w FILE");
    Recorder* to_finish = nullptr;
    Output output({.path = destination.path(),
                   .sink = destination.sink(),
                   .classic = o.classic,
                   .events = !o.no_events,
                   .rotation = o.rotation,
                   .most_packets = o.count,
                   .limit_reached = [&] { to_finish->finish(); }});
    Recorder recorder({.follow = o.follow,
                       .once = o.once,
                       .use_vif = o.side != "tap",
                       .use_tap = o.side != "vif",
                       .filter = joined(o.filter),
                       .snap_length = o.snap_length,
                       .buffered = o.buffered,
                       .duration = o.duration,
                       .tag = tag()},
                      std::move(targets), output, context);
    to_finish = &recorder;
    struct Detach {
        std::optional<PoolTargets>& pool;
        ~Detach()
        {
            if (pool)
                pool->detach();
        }
    } const detach{pool};
    if (pool) {
        pool->attach(recorder);
    } else {
        HostLinkOptions link;
        link.target = transport::parse_ssh_target(o.ssh_host);
        link.ssh = ssh_options(o, context);
        if (!o.interface.empty())
            link.interfaces = {o.interface};
        if (o.follow)
            link.patience = std::chrono::hours(24 * 365);
        recorder.add_host(text::printable(link.target.host), link);
    }
    const auto began = std::chrono::steady_clock::now();
    try {
        recorder.run();
        output.finish();
    } catch (const Error&) {
        if (const std::string file = output.salvage(); !file.empty())
            context.note(fmt::format("what was captured before is in {}", text::printable(file)));
        throw;
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
    if (json)
        context.write_json(document(recorder.epochs(), output, seconds.count()));
    else
        say_summary(recorder.epochs(), output, context);
    const Totals all = totals_of(recorder.epochs());
    return o.strict && all.dropped + all.lost > 0 ? exit_code(Errc::bad_data) : 0;
}

int run_mode(const Options& o, cli::Context& context)
{
    if (o.extcap_interfaces || o.extcap_dlts || o.extcap_config || o.capture ||
        !o.extcap_filter.empty())
        return extcap_mode(o, context);
    if (o.list)
        return list_mode(o, context);
    if (o.reap)
        return reap_mode(o, context);
    return capture_mode(o, context);
}

} // namespace vifcap
