// SPDX-License-Identifier: GPL-3.0-or-later
// vifcap: a VM's traffic, live, for as long as the VM lives.
#include "modes.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/options.hpp>
#include <xenlab/cli/tool.hpp>

namespace {

using namespace xenlab;
using vifcap::Options;

void take_rotation(Options& o, const std::string& text)
{
    const auto parts = text::split(text, ',');
    const auto size = text::parse_size(parts[0]);
    const auto files =
        parts.size() == 2 ? text::parse_u64(parts[1]) : std::optional<std::uint64_t>(0);
    if (parts.size() > 2 || !size || *size < 4096 || !files || *files > 100'000 ||
        (parts.size() == 2 && *files == 0))
        throw Error(Errc::usage, "a rotation is SIZE or SIZE,FILES, such as 100M,10");
    o.rotation = {.size = *size, .files = static_cast<unsigned>(*files)};
}

void declare_extcap(cli::OptionSet& options, Options& o)
{
    const auto add = [](const cli::Option& option) { (void)option.group("Wireshark"); };
    add(options.add_flag("--extcap-interfaces", o.extcap_interfaces,
                         "List the NICs of running VMs for Wireshark"));
    add(options.add_option("--extcap-interface", o.extcap_interface, "The NIC that is meant")
            .type_name("NAME"));
    add(options.add_flag("--extcap-dlts", o.extcap_dlts, "Print its link type"));
    add(options.add_flag("--extcap-config", o.extcap_config, "Print its settings"));
    add(options.add_flag("--capture", o.capture, "Capture into --fifo"));
    add(options.add_option("--fifo", o.fifo, "The pipe to write to").type_name("FILE"));
    add(options.add_option("--extcap-capture-filter", o.extcap_filter, "A filter to check or use")
            .type_name("BPF"));
    add(options.add_option("--extcap-version", o.extcap_version, "Wireshark's version")
            .type_name("VERSION")
            .expected(0, 1));
}

void declare(cli::OptionSet& options, Options& o, std::string& stray)
{
    options.add_option("VM", o.vms, "VM[:N]: a name, uuid or 'glob*', and the number of a NIC");
    options.add_option("-w,--write", o.write, "Write to a file, or - for standard output")
        .type_name("FILE");
    options.add_option("-N,--count", o.count, "End after so many packets").type_name("N");
    options.add_duration("--duration", o.duration, "End after so long");
    options
        .add_parsed(
            "--rotate", [&o](const std::string& text) { take_rotation(o, text); },
            "Begin a new file when one is that large, and keep so many")
        .type_name("SIZE,FILES");
    options.add_option("--snaplen", o.snap_length, "Keep so many bytes of each packet")
        .type_name("BYTES")
        .range(0, 262'144);
    const auto follow =
        options.add_flag("--follow", o.follow, "Wait for a VM that is halted, now and later");
    (void)options.add_flag("--once", o.once, "End with the domain instead of following the VM")
        .excludes(follow);
    options.add_flag("--pcap", o.classic, "Write classic pcap: one stream, no names, no events");
    options.add_flag("--no-events", o.no_events, "Leave the rows about the capture itself out");
    options.add_flag(
        "--buffered", o.buffered,
        "Let the host gather packets: cheaper, but late, and the last second may be lost");
    options.add_flag("--strict", o.strict, "Exit with 7 when packets were lost");
    options.add_choice("--side", o.side, {"both", "vif", "tap"},
                       "The paravirtual NIC, the emulated one, or both (default)");
    options.add_option("--ssh-config", o.ssh_config, "Configuration file of SSH, as ssh -F")
        .type_name("FILE");
    options
        .add_option("--ssh-host", o.ssh_host,
                    "Capture on this host without XAPI: [USER@]HOST[:PORT]")
        .type_name("HOST");
    options.add_option("--interface", o.interface, "An interface of --ssh-host").type_name("IF");
    options.add_option("--domid", o.domid, "A domain of --ssh-host").type_name("D");
    options.add_option("--vm-uuid", o.vm_uuid, "A VM of --ssh-host, looked up in its xenstore")
        .type_name("UUID");
    options.add_duration("--enable-ssh", o.enable_ssh,
                         "Enable SSH on a host where it is off, for at most so long");
    options.add_flag("--list", o.list, "List the NICs of running VMs");
    options.add_flag("--reap", o.reap, "End what killed captures left on hosts");
    options.add_option("FILTER", stray, "What tcpdump takes; stands after --");
    lab::declare_connect_options(options, o.connect);
    declare_extcap(options, o);
}

const cli::ToolInfo info{
    .name = "vifcap",
    .summary = "capture the traffic of a VM, live, for as long as it lives",
    .schema = "vifcap/1",
    .formats = {cli::Format::table, cli::Format::tsv, cli::Format::json, cli::Format::jsonl},
    .columns = {"vm", "nic", "mac", "network", "host", "domid", "uuid"},
    .examples = {{"vifcap web1 -- port 53 | tshark -r -", "See the name look-ups of a VM"},
                 {"vifcap web1:0 -w web1.pcapng --duration 2m", "Record one NIC for two minutes"},
                 {"vifcap db1 --follow --rotate 100M,20 -w db1.pcapng",
                  "Keep the last 2 GB, over reboots and migrations"},
                 {"vifcap --ssh-host root@xen1 --domid 7 -w boot.pcapng", "Capture without XAPI"},
                 {"vifcap --list", "See what could be captured"}},
    .exit_codes = {{0,
                    "A limit was reached, the capture was interrupted or the VM is gone, and what "
                    "was captured is complete."},
                   {1},
                   {2},
                   {3, "There is no such VM, NIC or interface."},
                   {4},
                   {5, "XAPI or SSH cannot be reached, or is not trusted."},
                   {6, "The VM does not run (--follow waits), or SSH is off on its host."},
                   {7,
                    "With --strict: packets were dropped or lost. Or the host sent damaged data."},
                   {124},
                   {130}},
    .completes = {"VM"},
};

} // namespace

int main(int argc, char** argv)
{
    // What follows "--" is a filter, not another VM.
    Options o;
    const bool completing = argc > 1 && std::string_view(argv[1]) == "__complete";
    int words = argc;
    if (!completing)
        for (int i = 1; i < argc; ++i)
            if (std::string_view(argv[i]) == "--") {
                o.filter.assign(argv + i + 1, argv + argc);
                words = i;
                break;
            }
    std::string stray; // FILTER stands in the help; VM takes all words before "--"
    return cli::run_tool(
        words, argv, info, [&](cli::OptionSet& set) { declare(set, o, stray); },
        [&](cli::Context& context) { return vifcap::run_mode(o, context); },
        [&](const cli::CompletionRequest& request) { return vifcap::complete(o, request); });
}
