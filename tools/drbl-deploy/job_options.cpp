// SPDX-License-Identifier: GPL-3.0-or-later
#include "job_options.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/cli/options.hpp>
#include <xenlab/io/byte_source.hpp>
#include <xenlab/io/file_source.hpp>

#include <fmt/format.h>

#include <array>

namespace drbl_deploy {
namespace {

using drbl::Action;

[[noreturn]] void refuse(const std::string& words, const std::string& hint = {})
{
    throw Error(Errc::usage, words, hint);
}

/// Where the value of each key goes that a profile or --set may have.
struct Key {
    std::string_view name;
    std::string JobOptions::*value;
};
constexpr std::array keys{
    Key{"image", &JobOptions::image},
    Key{"disk", &JobOptions::disk},
    Key{"parts", &JobOptions::parts},
    Key{"hosts", &JobOptions::hosts},
    Key{"macs", &JobOptions::macs},
    Key{"group", &JobOptions::group},
    Key{"vms", &JobOptions::vms},
    Key{"clients", &JobOptions::clients},
    Key{"max-wait", &JobOptions::max_wait},
    Key{"after", &JobOptions::after},
    Key{"compress", &JobOptions::compress},
    Key{"split", &JobOptions::split},
    Key{"layout", &JobOptions::layout},
    Key{"interface", &JobOptions::interface},
    Key{"target-size", &JobOptions::target_size},
};

struct Flag {
    std::string_view name;
    bool JobOptions::*value;
};
constexpr std::array flags{Flag{"all-clients", &JobOptions::all_clients},
                           Flag{"checksums", &JobOptions::checksums},
                           Flag{"no-check", &JobOptions::no_check}};

bool is_true(const std::string& value, std::string_view name)
{
    if (value == "true" || value == "false")
        return value == "true";
    refuse(fmt::format("{} is true or false, not {}", name, text::quoted(value)));
}

void set(JobOptions& o, const std::string& key, const std::string& value)
{
    std::vector<std::string> known;
    for (const Flag& f : flags) {
        if (f.name == key) {
            o.*(f.value) = is_true(value, key);
            return;
        }
        known.emplace_back(f.name);
    }
    for (const Key& k : keys) {
        if (k.name == key) {
            o.*(k.value) = value;
            return;
        }
        known.emplace_back(k.name);
    }
    const auto near = text::nearest(key, known);
    refuse(fmt::format("no such setting: {}", text::quoted(key)),
           near ? fmt::format("did you mean {}?", *near)
                : fmt::format("one of {}", fmt::join(known, ", ")));
}

std::vector<std::string> list_of(const std::string& text)
{
    std::vector<std::string> items;
    for (const std::string_view item : text::split(text, ','))
        items.emplace_back(item);
    return items;
}

std::string read_all(const std::string& path, const cli::Context& context)
{
    auto source = io::open_source(path, context.stop);
    std::string text;
    std::array<std::byte, 16384> buffer{};
    while (const std::size_t n = source->read(buffer)) {
        text.append(reinterpret_cast<const char*>(buffer.data()), n);
        if (text.size() > 16U << 20U)
            refuse(fmt::format("{}: more than 16 MiB is no list of clients", path));
    }
    return text;
}

} // namespace

void declare_job_options(cli::OptionSet& options, JobOptions& o, Action action)
{
    options.add_option("IMAGE", o.image,
                       action == Action::save ? "Name of the image to make"
                                              : "Name of the image on the server");
    options.add_option("--disk", o.disk, "Whole disks of the clients: sda, nvme0n1, 1st-disk")
        .type_name("DISK,…");
    options.add_option("--parts", o.parts, "Partitions instead of disks: sda1,sda2")
        .type_name("PART,…");
    options
        .add_option("--hosts", o.hosts,
                    "Clients: addresses, ranges (10.0.0.5-20), names, MAC addresses, @GROUPs")
        .type_name("LIST");
    options.add_option("--macs", o.macs, "Clients by a list of MAC addresses in FILE, - for stdin")
        .type_name("FILE");
    options.add_option("--group", o.group, "Clients by a group of the server (/etc/drbl)")
        .type_name("GROUP");
    options.add_option("--vms", o.vms, "Clients that are VMs of a pool, by name or glob")
        .type_name("VM");
    options.add_flag("--all-clients", o.all_clients, "Every client that the server knows");
    options
        .add_option("--after", o.after,
                    "What clients do at the end: reboot (default), poweroff, choose")
        .type_name("ACTION");
    if (action == Action::save) {
        options
            .add_option("--compress", o.compress,
                        "z0 none, z1p gzip (default), z9p zstd… as drbl-ocs has them")
            .type_name("zN[p]");
        options
            .add_option("--split", o.split, "Cut partitions into files of that size (default not)")
            .type_name("SIZE");
        options.add_flag("--checksums", o.checksums, "Keep checksums of the image's files");
    } else {
        options
            .add_option("--layout", o.layout,
                        "Partition table: saved (default), proportional (stretch), keep")
            .type_name("KIND");
        options
            .add_option("--target-size", o.target_size,
                        "Size of the clients' disks, to check the fit")
            .type_name("SIZE");
        options.add_flag("--checksums", o.checksums, "Clients check the image's checksums first");
        options.add_flag("--no-check", o.no_check, "The server does not check the image first");
    }
    if (action == Action::multicast) {
        options.add_option("--clients", o.clients, "Begin when so many clients are ready")
            .type_name("N");
        options
            .add_option("--max-wait", o.max_wait,
                        "Begin that long after the first client at the latest (default 5m)")
            .type_name("DURATION");
        options.add_option("--interface", o.interface, "Network interface of the server to send on")
            .type_name("IF");
    }
    lab::declare_connect_options(options, o.connect);
    options.add_option("--profile", o.profile, "Take what is not said here from the config file")
        .type_name("PROFILE");
    options.add_option("--set", o.set, "Change one setting of the profile; may be repeated")
        .type_name("KEY=VALUE");
    options.add_flag("--run", o.run, "Do it, instead of printing the command");
    options.add_flag("--wait", o.wait, "With --run: wait for the clients as status --wait does");
    options.add_flag("-y,--yes", o.yes, "Do not ask");
    options.add_flag("--force", o.force,
                     "Go on although the image does not look restorable or another job is set up");
}

JobOptions with_profile(const JobOptions& o, const Globals& globals)
{
    JobOptions merged;
    if (!o.profile.empty()) {
        const drbl::Profiles profiles = load_profiles(globals);
        for (const auto& [key, value] : profiles.find(o.profile))
            set(merged, key, value);
    }
    for (const std::string& word : o.set) {
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos)
            refuse(fmt::format("--set wants KEY=VALUE, not {}", text::quoted(word)));
        set(merged, word.substr(0, equals), word.substr(equals + 1));
    }
    JobOptions result = o;
    // A choice on the command line replaces the profile's, whatever way it is made.
    const bool clients_said = o.all_clients || !(o.hosts + o.macs + o.group + o.vms).empty();
    const bool devices_said = !(o.disk + o.parts).empty();
    for (const Key& key : keys) {
        const bool of_clients =
            key.name == "hosts" || key.name == "macs" || key.name == "group" || key.name == "vms";
        const bool of_devices = key.name == "disk" || key.name == "parts";
        if ((result.*(key.value)).empty() && !(of_clients && clients_said) &&
            !(of_devices && devices_said))
            result.*(key.value) = merged.*(key.value);
    }
    result.all_clients = o.all_clients || (merged.all_clients && !clients_said);
    result.checksums = o.checksums || merged.checksums;
    result.no_check = o.no_check || merged.no_check;
    return result;
}

drbl::Job job_of(const JobOptions& o, Action action)
{
    drbl::Job job;
    job.action = action;
    if (o.image.empty())
        refuse("IMAGE is missing");
    job.image = o.image;
    if (!o.disk.empty() && !o.parts.empty())
        refuse("--disk and --parts exclude each other");
    job.scope = o.parts.empty() ? drbl::Scope::disks : drbl::Scope::partitions;
    if (!(o.disk + o.parts).empty())
        job.devices = list_of(o.parts.empty() ? o.disk : o.parts);
    job.all_clients = o.all_clients;
    if (!o.after.empty())
        job.after = o.after;
    job.checksums = o.checksums;
    if (action == Action::save) {
        if (!o.compress.empty())
            job.compression = o.compress.starts_with('z') ? o.compress.substr(1) : o.compress;
        if (!o.split.empty()) {
            const auto bytes = text::parse_size(o.split);
            if (!bytes || *bytes % (1U << 20U) != 0)
                refuse(fmt::format("not a size in whole MiB: {}", text::quoted(o.split)));
            job.split_mb = *bytes >> 20U;
        }
        return job;
    }
    job.check_image = !o.no_check;
    if (o.layout == "proportional")
        job.layout = drbl::Layout::proportional;
    else if (o.layout == "keep")
        job.layout = drbl::Layout::keep;
    else if (!o.layout.empty() && o.layout != "saved")
        refuse(fmt::format("--layout cannot be {}", text::quoted(o.layout)),
               "saved, proportional or keep");
    if (action == Action::multicast) {
        const auto clients = text::parse_u64(o.clients);
        if (!o.clients.empty() && (!clients || *clients == 0 || *clients > 4096))
            refuse(fmt::format("--clients cannot be {}", text::quoted(o.clients)));
        job.clients_to_wait = static_cast<unsigned>(clients.value_or(0));
        if (!o.max_wait.empty()) {
            const auto wait = text::parse_duration(o.max_wait);
            if (!wait)
                refuse(fmt::format("not a duration: {}", text::quoted(o.max_wait)));
            job.max_wait = std::chrono::duration_cast<std::chrono::seconds>(*wait);
        }
        job.interface = o.interface;
    }
    return job;
}

std::vector<drbl::TargetWord> target_words(const JobOptions& o, const cli::Context& context)
{
    auto words = drbl::parse_targets(o.hosts);
    const auto add = [&](std::vector<drbl::TargetWord> more) {
        words.insert(words.end(), more.begin(), more.end());
    };
    if (!o.macs.empty())
        add(drbl::parse_mac_list(read_all(o.macs, context), o.macs));
    if (!o.group.empty())
        add(drbl::parse_targets("@" + o.group));
    return words;
}

std::uint64_t target_size_of(const JobOptions& o)
{
    if (o.target_size.empty())
        return 0;
    const auto bytes = text::parse_size(o.target_size);
    if (!bytes)
        refuse(fmt::format("not a size: {}", text::quoted(o.target_size)));
    return *bytes;
}

} // namespace drbl_deploy
