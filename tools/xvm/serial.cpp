// SPDX-License-Identifier: GPL-3.0-or-later
// xvm serial show, set and unset: where the serial port of a VM leads.
#include "listing.hpp"
#include "pool_view.hpp"
#include "rows.hpp"
#include "serial_value.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/lab/serial_setting.hpp>
#include <xenlab/transport/ssh.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <map>
#include <set>

namespace xvm {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view key = lab::serial_key;

/// Whether a host writes all consoles to files, which overrides hvm_serial (xenstore
/// /local/logconsole/@; xapi.md 3.7). Asked over SSH; nothing when that does not work.
std::optional<bool> logs_consoles(lab::Pool& pool, const xapi::Object<xapi::Host>& host,
                                  const cli::Context& context)
{
    try {
        const auto session = transport::connect_ssh(
            transport::parse_ssh_target(pool.ssh_destination(host)),
            {.config_file = {}, .note = [&](std::string_view words) { context.note(words); }},
            context.stop);
        const auto done = transport::run_ssh(*session, "xenstore-read /local/logconsole/@",
                                             {.input = {}, .stop = context.stop});
        return done.exit.ok() && !text::trim(done.out).empty();
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted)
            throw;
        context.warning(fmt::format("cannot ask {} whether it logs consoles: {}",
                                    text::printable(host.record.name_label), error.what()));
        return std::nullopt;
    }
}

// -- serial show ------------------------------------------------------------------------------

struct ShowOptions {
    lab::TargetOptions targets;
    bool check = false;
};

void declare_show(cli::OptionSet& set, ShowOptions& o)
{
    lab::declare_target_options(set, o.targets, lab::Many::some);
    set.add_flag("--check-hosts", o.check,
                 "Ask the hosts over SSH whether they log consoles, which overrides the setting");
}

const std::vector<std::string_view> show_columns{"vm",   "value",      "from", "power",
                                                 "host", "overridden", "uuid"};

int run_show(const Globals& globals, const ShowOptions& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    const auto vms = lab::resolve_vms(pools, o.targets);
    Listing list(context, "xvm.serial.show/1", show_columns,
                 o.check ? std::vector<std::string>{"vm", "value", "from", "host", "overridden"}
                         : std::vector<std::string>{"vm", "value", "from", "host"});
    std::map<std::string, std::optional<bool>> asked;
    for (const lab::VmTarget& vm : vms) {
        const lab::SerialSetting setting = lab::serial_setting(vm.record);
        const auto* host = vm.record.resident_on ? vm.pool->host(vm.record.resident_on) : nullptr;
        std::optional<bool> overridden;
        if (o.check && host != nullptr) {
            const auto known = asked.find(host->record.uuid);
            overridden =
                known != asked.end()
                    ? known->second
                    : asked.emplace(host->record.uuid, logs_consoles(*vm.pool, *host, context))
                          .first->second;
        }
        const std::string where = host == nullptr ? "" : host->record.name_label;
        const std::string value = lab::has_serial_port(vm.record) ? setting.value : "";
        list.add({vm.label(), value, setting.from, text::to_lower(vm.record.power_state), where,
                  overridden ? (*overridden ? "yes" : "no") : "", vm.record.uuid},
                 {{"vm", vm.record.name_label},
                  {"uuid", vm.record.uuid},
                  {"value", lab::has_serial_port(vm.record) ? ordered_json(value) : ordered_json()},
                  {"from", setting.from},
                  {"power", text::to_lower(vm.record.power_state)},
                  {"host", host == nullptr ? ordered_json() : ordered_json(where)},
                  {"overridden", overridden ? ordered_json(*overridden) : ordered_json()}});
        if (overridden.value_or(false))
            context.warning(fmt::format("{} logs all consoles to files: the serial port of {} goes "
                                        "there, whatever is set",
                                        text::printable(where),
                                        text::quoted(vm.record.name_label)));
    }
    list.finish();
    return 0;
}

// -- serial set and unset ---------------------------------------------------------------------

struct Options {
    lab::TargetOptions targets; ///< of "set" the last word is the value
    bool check = false;
    ChangeOptions change;
};

void declare_unset(cli::OptionSet& set, Options& o)
{
    lab::declare_target_options(set, o.targets, lab::Many::some);
    declare_parallel_changes(set, o.change, false);
}

void declare_set(cli::OptionSet& set, Options& o)
{
    declare_unset(set, o);
    set.add_flag("--check-hosts", o.check,
                 "Ask the hosts over SSH whether they log consoles, which overrides the setting");
}

std::string when(const xapi::Vm& vm)
{
    if (vm.power_state == "Halted")
        return "in force at the next start";
    return vm.power_state == "Suspended"
               ? "in force after a halt and a start; the suspended VM keeps the old one"
               : "in force after a restart (a reboot from outside, too: xvm reboot)";
}

/// Ports that VMs of the pool listen on already: name of the VM by port.
std::map<std::uint16_t, std::string> used_ports(lab::Pool& pool, const std::set<std::string>& but)
{
    std::map<std::uint16_t, std::string> used;
    for (const auto& vm : pool.session().get_all<xapi::Vm>()) {
        if (vm.record.is_a_snapshot || vm.record.is_a_template || but.contains(vm.record.uuid))
            continue;
        if (const auto port = lab::serial_listening_port(lab::serial_setting(vm.record).value))
            used.emplace(*port, vm.record.name_label);
    }
    return used;
}

void store(const lab::VmTarget& vm, const std::string& value)
{
    xapi::Session& session = vm.pool->session();
    session.call("VM.remove_from_platform", {xvm::value(vm.ref), xmlrpc::Value(std::string(key))});
    session.call("VM.add_to_platform",
                 {xvm::value(vm.ref), xmlrpc::Value(std::string(key)), xmlrpc::Value(value)});
}

class Ports {
  public:
    Ports(const std::vector<lab::VmTarget>& vms, const SerialValue& serial)
    {
        std::set<std::string> targets;
        for (const lab::VmTarget& vm : vms)
            targets.insert(vm.record.uuid);
        for (const lab::VmTarget& vm : vms)
            if (serial.listens && !used_.contains(vm.pool))
                used_.emplace(vm.pool, used_ports(*vm.pool, targets));
    }
    /// The value for the next VM. Throws Error{precondition} when another VM has the port.
    SerialValue take(lab::Pool& pool, const std::string& name, const SerialValue& serial)
    {
        if (!serial.listens)
            return serial;
        auto& used = used_[&pool];
        std::uint16_t port = *serial.port;
        while (serial.counts_up && used.contains(port) && port < 65535)
            ++port;
        if (const auto other = used.find(port); other != used.end())
            throw Error(Errc::precondition,
                        fmt::format("port {} belongs to {} already; only one of them could start",
                                    port, text::quoted(other->second)),
                        "write the port with a +, and each VM gets one of its own");
        used.emplace(port, name);
        return with_port(serial, port);
    }

  private:
    std::map<lab::Pool*, std::map<std::uint16_t, std::string>> used_;
};

Done set_one(const lab::VmTarget& vm, const SerialValue& serial, const Options& o)
{
    if (lab::serial_setting(vm.record).value == serial.value &&
        lab::serial_setting(vm.record).from == "platform")
        return {.skipped = true, .message = serial.value};
    if (o.change.dry_run)
        return {.message = "would set " + serial.value};
    store(vm, serial.value);
    return {.message = fmt::format("{}; {}", serial.value, when(vm.record))};
}

/// Ports are given out here, in the order of the VMs, whatever is done when.
std::function<Done()> setting(const lab::VmTarget& vm, Ports& ports, const SerialValue& serial,
                              const Options& o)
{
    try {
        if (!lab::has_serial_port(vm.record))
            throw Error(Errc::precondition, "it is no HVM guest, so it has no serial port",
                        "PV and PVH guests have a console: xvm console --text");
        return [&vm, &o, mine = ports.take(*vm.pool, vm.record.name_label, serial)] {
            return set_one(vm, mine, o);
        };
    } catch (const Error& error) {
        return [error]() -> Done { throw error; };
    }
}

void warn(const std::vector<lab::VmTarget>& vms, const SerialValue& serial, const Options& o,
          cli::Context& context)
{
    for (const std::string& words : serial.warnings)
        context.warning(words);
    if (serial.listens)
        context.note("the port is on the host where the VM runs, and moves with it when it is "
                     "migrated; it must be free there");
    if (!o.check) {
        context.note(
            "a host that logs consoles (xenstore /local/logconsole/@) ignores the setting; "
            "--check-hosts asks");
        return;
    }
    std::set<lab::Pool*> seen;
    for (const lab::VmTarget& vm : vms)
        if (seen.insert(vm.pool).second)
            for (const auto& host : vm.pool->hosts())
                if (logs_consoles(*vm.pool, host, context).value_or(false))
                    context.warning(fmt::format("{} logs all consoles to files: the setting has no "
                                                "effect there",
                                                text::printable(host.record.name_label)));
}

int run_set(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::TargetOptions targets = o.targets;
    if (targets.words.empty())
        throw Error(Errc::usage, "the value is missing",
                    "it comes last: pty, none, null, file:/PATH, tcp:HOST:PORT[,server]");
    const SerialValue serial = parse_serial(targets.words.back());
    targets.words.pop_back();
    lab::Pools pools = open_pools(globals, context);
    const auto vms = lab::resolve_vms(pools, targets);
    if (serial.port && !serial.counts_up && serial.listens && vms.size() > 1)
        throw Error(Errc::usage, "several VMs cannot listen on one port",
                    fmt::format("tcp:{}:{}+ counts up", serial.host, *serial.port));
    warn(vms, serial, o, context);
    Ports ports(vms, serial);
    Changes changes(context, "xvm.serial.set/1", o.change);
    for (const lab::VmTarget& vm : vms)
        changes.add(*vm.pool, vm.label(), vm.record.uuid, setting(vm, ports, serial, o));
    return changes.run();
}

int run_unset(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    const auto vms = lab::resolve_vms(pools, o.targets);
    Changes changes(context, "xvm.serial.unset/1", o.change);
    for (const lab::VmTarget& vm : vms)
        changes.add(*vm.pool, vm.label(), vm.record.uuid, [&]() -> Done {
            const bool platform = vm.record.platform.contains(key);
            const bool other = vm.record.other_config.contains(key);
            if (!platform && !other)
                return {.skipped = true, .message = "not set"};
            if (o.change.dry_run)
                return {.message = "would remove " +
                                   text::printable(lab::serial_setting(vm.record).value)};
            for (const auto& [there, method] : {std::pair(platform, "VM.remove_from_platform"),
                                                std::pair(other, "VM.remove_from_other_config")})
                if (there)
                    vm.pool->session().call(method,
                                            {value(vm.ref), xmlrpc::Value(std::string(key))});
            return {.message = "pty again; " + when(vm.record)};
        });
    return changes.run();
}

} // namespace

Verb serial_show_verb()
{
    return cli::make_verb<Globals, ShowOptions>(
        {.name = "serial show",
         .summary = "show where the serial ports of VMs lead",
         .schema = "xvm.serial.show/1",
         .formats = list_formats,
         .columns = show_columns,
         .examples = {{"xvm serial show web1", "Its setting, and where it comes from"}},
         .completes = {"VM", "CONTEXT", "HOST"}},
        declare_show, run_show);
}

Verb serial_set_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "serial set",
         .summary = "let the serial ports of VMs lead somewhere else",
         .schema = "xvm.serial.set/1",
         .formats = row_formats,
         .columns = batch_columns(),
         .examples = {{"xvm serial set web1 lab-1 tcp:127.0.0.1:7001+,server",
                       "A port of its own for each"}},
         .completes = {"VM", "CONTEXT", "HOST"}},
        declare_set, run_set);
}

Verb serial_unset_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "serial unset",
         .summary = "let the serial ports of VMs be as they come",
         .schema = "xvm.serial.unset/1",
         .formats = row_formats,
         .columns = batch_columns(),
         .examples = {{"xvm serial unset web1 --dry-run", "See whether there is anything set"}},
         .completes = {"VM", "CONTEXT", "HOST"}},
        declare_unset, run_unset);
}

} // namespace xvm
