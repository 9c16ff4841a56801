// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/shell.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/drbl/job.hpp>
#include <xenlab/drbl/names.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace xenlab::drbl {
namespace {

using std::chrono::seconds;

constexpr std::string_view log_file = "/var/log/xenlab-drbl.log";

[[noreturn]] void refuse(const std::string& message, const std::string& hint = {})
{
    throw Error(Errc::usage, message, hint);
}

void require_devices(const Job& job)
{
    const bool partitions = job.scope == Scope::partitions;
    if (job.devices.empty())
        refuse(partitions ? "--parts is missing" : "--disk is missing",
               "for example --disk sda or --parts sda1,sda2");
    for (const std::string& device : job.devices) {
        require_device(device, partitions);
        if (std::count(job.devices.begin(), job.devices.end(), device) > 1)
            refuse(fmt::format("{} is named twice", device));
    }
    if (job.devices.size() > 1 &&
        std::count(job.devices.begin(), job.devices.end(), "1st-disk") > 0)
        refuse("1st-disk cannot be combined with other disks");
}

void require_hosts(const Job& job)
{
    if (job.hosts.empty() != job.all_clients)
        refuse(job.all_clients ? "--all-clients cannot be combined with a choice of clients"
                               : "which clients is missing",
               "use --hosts, --macs, --group or --vms; --all-clients is every machine that the "
               "server knows");
    for (const std::string& host : job.hosts)
        if (!parse_ipv4(host))
            refuse(fmt::format("not an IP address: {}", text::quoted(host)));
}

void require_multicast(const Job& job)
{
    if (job.clients_to_wait == 0 || job.clients_to_wait > 4096)
        refuse("--clients is missing", "multicast starts when so many clients are ready, or "
                                       "--max-wait after the first of them");
    if (job.max_wait < seconds(1) || job.max_wait > seconds(86400))
        refuse("--max-wait must be from 1s to 24h");
    if (!job.all_clients && job.clients_to_wait > job.hosts.size())
        refuse(fmt::format("--clients {} is more than the {} clients of the job",
                           job.clients_to_wait, job.hosts.size()));
    if (!job.interface.empty() && !is_interface_name(job.interface))
        refuse(fmt::format("not a network interface: {}", text::quoted(job.interface)));
}

std::string task_of(const Job& job)
{
    const std::string_view scope = job.scope == Scope::disks ? "disk" : "parts";
    switch (job.action) {
    case Action::save:
        return fmt::format("save{}", scope);
    case Action::restore:
        return fmt::format("restore{}", scope);
    case Action::multicast:
        break;
    }
    return fmt::format("multicast_restore{}", scope);
}

void append(std::vector<std::string>& words, std::initializer_list<std::string> more)
{
    words.insert(words.end(), more);
}

void append_save(std::vector<std::string>& words, const Job& job)
{
    append(words, {"-q2", "-j2", fmt::format("-z{}", job.compression), "-i",
                   std::to_string(job.split_mb)});
    if (job.checksums)
        append(words, {"-gm"});
}

void append_restore(std::vector<std::string>& words, const Job& job)
{
    // The boot loaders as the dialogs of DRBL would have it; partitions alone leave them alone.
    if (job.scope == Scope::disks)
        append(words, {"-g", "auto", "-e1", "auto", "-e2"});
    append(words, {"-r", "-j2"});
    if (job.layout == Layout::proportional)
        append(words, {"-k1"});
    if (job.layout == Layout::keep || job.scope == Scope::partitions)
        append(words, {"-k"});
    if (job.checksums)
        append(words, {"-cm"});
    append(words, {job.check_image ? "-scr" : "-sc0"});
}

std::vector<std::string> words_of(std::string_view line)
{
    std::vector<std::string> words;
    for (const std::string_view word : text::split(line, ' '))
        if (!word.empty())
            words.emplace_back(word);
    return words;
}

} // namespace

std::string_view name_of(Action action) noexcept
{
    switch (action) {
    case Action::save:
        return "save";
    case Action::restore:
        return "restore";
    case Action::multicast:
        break;
    }
    return "multicast";
}

void require_valid(const Job& job)
{
    require_image_name(job.image);
    require_devices(job);
    require_hosts(job);
    // A free command after -p would be a root shell on every client.
    if (job.after != "reboot" && job.after != "poweroff" && job.after != "choose")
        refuse(fmt::format("--after cannot be {}", text::quoted(job.after)),
               "reboot, poweroff or choose");
    if (!is_compression(job.compression))
        refuse(fmt::format("no such compression: {}", text::quoted(job.compression)),
               "z0 none, z1 gzip, z2 bzip2, z3 lzop, z4 lzma, z5 xz, z6 lzip, z7 lrzip, z8 lz4, "
               "z9 zstd; z1p, z2p, z5p, z6p, z8p, z9p on all processors");
    if (job.split_mb > 1'000'000)
        refuse("--split is too large");
    if (job.action == Action::multicast)
        require_multicast(job);
    if (job.layout != Layout::as_saved &&
        (job.action == Action::save || job.scope == Scope::partitions))
        refuse("--layout is for restoring whole disks");
}

std::string_view compressor_of(const Job& job) noexcept
{
    struct Program {
        std::string_view option, name;
    };
    // ocs-sr's parser; parallel bzip2 is lbzip2 unless its configuration says otherwise.
    static constexpr std::array programs{
        Program{"1", "gzip"},    Program{"1p", "pigz"}, Program{"2", "bzip2"},
        Program{"2p", "lbzip2"}, Program{"3", "lzop"},  Program{"4", "lzma"},
        Program{"5", "xz"},      Program{"5p", "xz"},   Program{"6", "lzip"},
        Program{"6p", "plzip"},  Program{"7", "lrzip"}, Program{"8", "lz4"},
        Program{"8p", "lz4mt"},  Program{"9", "zstd"},  Program{"9p", "zstdmt"}};
    for (const Program& program : programs)
        if (program.option == job.compression)
            return program.name;
    return {};
}

std::vector<std::string> command_words(const Job& job)
{
    require_valid(job);
    // -b and not -batch, which only the usage text knows; -l, or a dialog asks for the language.
    std::vector<std::string> words{"drbl-ocs", "-b", "-nogui", "-l", "en_US.UTF-8"};
    if (job.action == Action::save)
        append_save(words, job);
    else
        append_restore(words, job);
    append(words, {"-p", job.after});
    if (job.action == Action::multicast) {
        append(words, {"--clients-to-wait", std::to_string(job.clients_to_wait),
                       "--max-time-to-wait", std::to_string(job.max_wait.count())});
        if (!job.interface.empty())
            append(words, {"--mcast-iface", job.interface});
    }
    if (!job.all_clients)
        append(words, {"-h", fmt::format("{}", fmt::join(job.hosts, " "))});
    append(words, {job.scope == Scope::disks ? "startdisk" : "startparts",
                   job.action == Action::save        ? "save"
                   : job.action == Action::multicast ? "multicast_restore"
                                                     : "restore",
                   job.image});
    words.insert(words.end(), job.devices.begin(), job.devices.end());
    return words;
}

std::string command_line(const Job& job)
{
    // drbl-ocs leaves daemons behind that hold its standard output: with a pipe, such as ssh's, the
    // end of file would never come.
    return fmt::format("{} </dev/null >{} 2>&1", text::shell_command(command_words(job)), log_file);
}

Expected expected_of(const Job& job)
{
    Expected expected;
    expected.tail = {task_of(job), job.image};
    expected.tail.insert(expected.tail.end(), job.devices.begin(), job.devices.end());
    expected.options = {{"--batch"}, {"-p", job.after}};
    if (job.action == Action::save)
        expected.options.push_back({fmt::format("-z{}", job.compression)});
    if (job.layout == Layout::proportional)
        expected.options.push_back({"-k1"});
    if (job.layout == Layout::keep ||
        (job.action != Action::save && job.scope == Scope::partitions))
        expected.options.push_back({"-k"});
    if (job.action == Action::multicast)
        expected.options.push_back({"--max-time-to-wait", std::to_string(job.max_wait.count())});
    return expected;
}

std::string difference(const Expected& expected, std::string_view line)
{
    const auto words = words_of(line);
    if (words.size() < expected.tail.size() ||
        !std::equal(expected.tail.begin(), expected.tail.end(),
                    words.end() - static_cast<std::ptrdiff_t>(expected.tail.size())))
        return fmt::format("it is told {} and not {}", text::quoted(line, 200),
                           text::quoted(fmt::format("{}", fmt::join(expected.tail, " "))));
    const auto end = words.end() - static_cast<std::ptrdiff_t>(expected.tail.size());
    for (const auto& option : expected.options)
        if (std::search(words.begin(), end, option.begin(), option.end()) == end)
            return fmt::format("its command lacks {}: {}", fmt::join(option, " "),
                               text::quoted(line, 200));
    return {};
}

} // namespace xenlab::drbl
