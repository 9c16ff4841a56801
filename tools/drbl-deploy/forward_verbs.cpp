// SPDX-License-Identifier: GPL-3.0-or-later
// forward add, ls, rm, save.
#include "complete.hpp"
#include "globals.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/table.hpp>
#include <xenlab/drbl/forward.hpp>
#include <xenlab/drbl/server.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace drbl_deploy {
namespace {

using cli::Format;
using drbl::Forward;
using drbl::ForwardState;
using nlohmann::ordered_json;

drbl::Forwards look(Server& server)
{
    const auto records = server.survey({"forwards"});
    drbl::read_facts(records);
    return drbl::read_forwards(records);
}

struct AddOptions {
    std::string forward, interface, name;
    bool masquerade = false, temporary = false, enable = false;
};

void declare_add(cli::OptionSet& options, AddOptions& o)
{
    options
        .add_option("FORWARD", o.forward,
                    "LISTEN:CLIENT:PORT, with udp/ in front for UDP: 3390:192.168.1.50:3389")
        .required();
    options
        .add_option("--interface", o.interface,
                    "Only for connections that come in there (default any)")
        .type_name("IF");
    options.add_option("--name", o.name, "Name of the forward (default tcp-LISTEN)")
        .type_name("WORD");
    options.add_flag("--masquerade", o.masquerade,
                     "Let clients see the server as the sender: needed when they have no route "
                     "back through it");
    options.add_flag("--temporary", o.temporary, "Gone after the next reboot or drbl-nat-rules");
    options.add_flag("--enable-ip-forward", o.enable, "Switch net.ipv4.ip_forward on");
}

/// What there is already: true when nothing has to be done. Throws for what is in the way.
bool is_there(const drbl::Forwards& now, const Forward& forward, bool save)
{
    for (const ForwardState& state : now.list) {
        if (state.forward.name != forward.name &&
            (state.forward.protocol != forward.protocol || state.forward.listen != forward.listen ||
             (!state.forward.interface.empty() && !forward.interface.empty() &&
              state.forward.interface != forward.interface)))
            continue;
        if (!(state.forward == forward))
            throw Error(Errc::precondition,
                        fmt::format("{} {} leads to {}:{} already, as {}", state.forward.protocol,
                                    state.forward.listen, state.forward.client, state.forward.port,
                                    state.forward.name),
                        fmt::format("drbl-deploy forward rm {}", state.forward.name));
        return state.active && state.times == 1 && (state.saved || !save);
    }
    return false;
}

void check_way(Server& server, const Forward& forward, const cli::Context& context)
{
    if (forward.protocol != "tcp")
        return;
    const auto records = server.survey({fmt::format("reach={}:{}", forward.client, forward.port)});
    if (drbl::find_record(records, "reach") != "yes")
        context.warning(
            fmt::format("nobody answers at {}:{} at the moment", forward.client, forward.port));
}

int add(const Globals& globals, const AddOptions& o, cli::Context& context)
{
    Forward forward = drbl::parse_forward(o.forward);
    forward.interface = o.interface;
    forward.masquerade = o.masquerade;
    if (!o.name.empty())
        forward.name = o.name;
    drbl::require_valid(forward);
    Server server(globals, context);
    const drbl::Forwards now = look(server);
    if (!now.ip_forward && !o.enable)
        throw Error(Errc::precondition,
                    "net.ipv4.ip_forward is off on the server: nothing would get through",
                    "--enable-ip-forward switches it on, at boot as well");
    for (const std::string& foreign : now.foreign)
        if (foreign == fmt::format("{} {}", forward.protocol, forward.listen))
            context.warning(fmt::format("another rule of the server forwards {} already", foreign));
    if (now.forward_drops)
        context.warning("the policy of the chain FORWARD is not ACCEPT: a rule there must let it "
                        "through");
    if (is_there(now, forward, !o.temporary) && now.ip_forward) {
        context.note(fmt::format("{} is there already", forward.name));
        return 0;
    }
    require_success(server.run(drbl::add_forward(forward, !o.temporary, o.enable)),
                    "adding the forward");
    const drbl::Forwards after = look(server);
    if (!is_there(after, forward, !o.temporary) || !after.ip_forward)
        throw Error(Errc::failed, "the server does not have the forward after it was added");
    check_way(server, forward, context);
    return 0;
}

struct LsOptions {};

void declare_ls(cli::OptionSet& /*unused*/, LsOptions& /*unused*/) {}

std::string state_of(const ForwardState& state)
{
    if (state.times > 1)
        return "twice";
    return state.active ? (state.saved ? "saved" : "temporary") : "missing";
}

int ls(const Globals& globals, const LsOptions& /*unused*/, cli::Context& context)
{
    Server server(globals, context);
    const drbl::Forwards now = look(server);
    remember(server.name(), now);
    if (!now.list.empty() && !now.ip_forward)
        context.warning("net.ipv4.ip_forward is off on the server: nothing gets through");
    if (context.shared.format == Format::json || context.shared.format == Format::jsonl) {
        ordered_json doc{{"schema", "drbl-deploy.forwards/1"}, {"items", ordered_json::array()}};
        for (const ForwardState& state : now.list)
            doc["items"].push_back(
                {{"name", state.forward.name},
                 {"protocol", state.forward.protocol},
                 {"listen", state.forward.listen},
                 {"client", fmt::format("{}:{}", state.forward.client, state.forward.port)},
                 {"interface", state.forward.interface},
                 {"masquerade", state.forward.masquerade},
                 {"active", state.active},
                 {"saved", state.saved}});
        context.write_json(doc);
        return 0;
    }
    cli::Table table(context, {{"name"},
                               {"protocol"},
                               {"listen", true},
                               {"client"},
                               {"interface"},
                               {"masquerade"},
                               {"state"}});
    for (const ForwardState& state : now.list)
        table.row({state.forward.name, state.forward.protocol, std::to_string(state.forward.listen),
                   fmt::format("{}:{}", state.forward.client, state.forward.port),
                   state.forward.interface, state.forward.masquerade ? "yes" : "no",
                   state_of(state)});
    table.finish();
    return 0;
}

struct RmOptions {
    std::vector<std::string> names;
};

void declare_rm(cli::OptionSet& options, RmOptions& o)
{
    options.add_option("NAME", o.names, "Names of forwards, or their ports").required();
}

int rm(const Globals& globals, const RmOptions& o, cli::Context& context)
{
    Server server(globals, context);
    const drbl::Forwards now = look(server);
    std::vector<std::string> names;
    for (const std::string& word : o.names) {
        const auto it =
            std::find_if(now.list.begin(), now.list.end(), [&](const ForwardState& state) {
                return state.forward.name == word || std::to_string(state.forward.listen) == word;
            });
        if (it == now.list.end())
            throw Error(Errc::not_found, fmt::format("no forward {}", text::quoted(word)),
                        "drbl-deploy forward ls shows them");
        names.push_back(it->forward.name);
    }
    for (const std::string& name : names)
        require_success(server.run(drbl::remove_forward(name)), "removing the forward");
    for (const ForwardState& state : look(server).list)
        if (std::find(names.begin(), names.end(), state.forward.name) != names.end())
            throw Error(Errc::failed, fmt::format("{} is still there", state.forward.name));
    return 0;
}

struct SaveOptions {};

void declare_save(cli::OptionSet& /*unused*/, SaveOptions& /*unused*/) {}

int save(const Globals& globals, const SaveOptions& /*unused*/, cli::Context& context)
{
    Server server(globals, context);
    std::vector<Forward> forwards;
    for (const ForwardState& state : look(server).list)
        forwards.push_back(state.forward);
    require_success(server.run(drbl::save_forwards(forwards)), "saving the forwards");
    const drbl::Forwards after = look(server);
    for (const ForwardState& state : after.list)
        if (!state.active || !state.saved)
            throw Error(Errc::failed, fmt::format("{} was not saved", state.forward.name));
    if (!after.persistent)
        context.warning("the server has no systemd that would replay them at boot: run "
                        "/usr/local/sbin/xenlab-drbl-forwards replay there");
    return 0;
}

} // namespace

std::vector<Verb> forward_verbs()
{
    return {
        cli::make_verb<Globals, AddOptions>(
            {.name = "forward add",
             .summary = "make a port of a client reachable through the server",
             .schema = "drbl-deploy.forward/1",
             .formats = {},
             .examples = {{"drbl-deploy forward add 3390:192.168.1.50:3389 --interface eth0",
                           "Forward a remote desktop, now and after reboots"}}},
            declare_add, add),
        cli::make_verb<Globals, LsOptions>(
            {.name = "forward ls",
             .summary = "list the forwards that drbl-deploy made",
             .schema = "drbl-deploy.forwards/1",
             .formats = {Format::table, Format::tsv, Format::json, Format::jsonl, Format::ids},
             .columns = {"name", "protocol", "listen", "client", "interface", "masquerade",
                         "state"},
             .examples = {{"drbl-deploy forward ls --json | jq -r '.items[]|\"\\(.listen) "
                           "\\(.client)\"'",
                           "Print which port leads where"}}},
            declare_ls, ls),
        cli::make_verb<Globals, RmOptions>(
            {.name = "forward rm",
             .summary = "remove forwards",
             .schema = "drbl-deploy.forward/1",
             .formats = {},
             .examples = {{"drbl-deploy forward rm 3390", "Remove the forward of a port"}}},
            declare_rm, rm),
        cli::make_verb<Globals, SaveOptions>(
            {.name = "forward save",
             .summary = "make all forwards survive reboots and drbl-nat-rules",
             .schema = "drbl-deploy.forward/1",
             .formats = {},
             .examples = {{"drbl-deploy forward save", "Also put back those that are missing"}}},
            declare_save, save)};
}

} // namespace drbl_deploy
