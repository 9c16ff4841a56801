// SPDX-License-Identifier: GPL-3.0-or-later
// clients ls, doctor.
#include "complete.hpp"
#include "globals.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/table.hpp>
#include <xenlab/drbl/server.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace drbl_deploy {
namespace {

using cli::Format;
using nlohmann::ordered_json;

struct ClientsOptions {
    std::vector<std::string> words;
};

void declare_clients(cli::OptionSet& options, ClientsOptions& o)
{
    options.add_option("CLIENT", o.words, "Only these: addresses, ranges, names, MACs, @GROUPs");
}

std::vector<std::string> groups_of(const drbl::Client& client, const drbl::Clients& known)
{
    std::vector<std::string> groups;
    for (const drbl::Group& group : known.groups)
        if (std::any_of(group.members.begin(), group.members.end(), [&](const std::string& member) {
                return member == client.ip || text::to_lower(member) == client.mac;
            }))
            groups.push_back(group.name);
    return groups;
}

int clients(const Globals& globals, const ClientsOptions& o, cli::Context& context)
{
    const auto words = drbl::parse_targets(fmt::format("{}", fmt::join(o.words, " ")));
    Server server(globals, context);
    const auto records = server.survey({"clients"});
    drbl::read_facts(records);
    const drbl::Clients known = drbl::read_clients(records);
    remember(server.name(), known);
    const auto list = words.empty() ? known.list : drbl::resolve(words, known);
    if (context.shared.format == Format::json || context.shared.format == Format::jsonl) {
        ordered_json doc{{"schema", "drbl-deploy.clients/1"}, {"items", ordered_json::array()}};
        for (const drbl::Client& client : list)
            doc["items"].push_back({{"ip", client.ip},
                                    {"mac", client.mac},
                                    {"name", client.name},
                                    {"groups", groups_of(client, known)}});
        context.write_json(doc);
        return 0;
    }
    cli::Table table(context, {{"ip"}, {"mac"}, {"name"}, {"groups"}});
    for (const drbl::Client& client : list)
        table.row({client.ip, client.mac, client.name,
                   fmt::format("{}", fmt::join(groups_of(client, known), ","))});
    table.finish();
    return 0;
}

struct DoctorOptions {};

void declare_doctor(cli::OptionSet&, DoctorOptions&) {}

std::string_view name_of(drbl::Finding::Verdict verdict)
{
    switch (verdict) {
    case drbl::Finding::Verdict::ok:
        return "ok";
    case drbl::Finding::Verdict::warning:
        return "warning";
    case drbl::Finding::Verdict::bad:
        break;
    }
    return "bad";
}

int doctor(const Globals& globals, const DoctorOptions& /*unused*/, cli::Context& context)
{
    Server server(globals, context);
    const auto findings = drbl::examine(server.survey({"doctor", "clients"}));
    const bool bad = std::any_of(findings.begin(), findings.end(), [](const drbl::Finding& f) {
        return f.verdict == drbl::Finding::Verdict::bad;
    });
    if (context.shared.format == Format::json || context.shared.format == Format::jsonl) {
        ordered_json doc{{"schema", "drbl-deploy.doctor/1"}, {"items", ordered_json::array()}};
        for (const drbl::Finding& finding : findings)
            doc["items"].push_back({{"verdict", name_of(finding.verdict)},
                                    {"subject", finding.subject},
                                    {"message", finding.words}});
        context.write_json(doc);
        return bad ? 1 : 0;
    }
    cli::Table table(context, {{"verdict"}, {"subject"}, {"message"}});
    for (const drbl::Finding& finding : findings)
        table.row({std::string(name_of(finding.verdict)), finding.subject, finding.words});
    table.finish();
    return bad ? 1 : 0;
}

} // namespace

std::vector<Verb> client_verbs()
{
    return {cli::make_verb<Globals, ClientsOptions>(
                {.name = "clients ls",
                 .summary = "list the machines that the server knows",
                 .schema = "drbl-deploy.clients/1",
                 .formats = {Format::table, Format::tsv, Format::json, Format::jsonl, Format::ids},
                 .columns = {"ip", "mac", "name", "groups"},
                 .examples = {{"drbl-deploy clients ls @room1 -q --fields mac",
                               "Print the MAC addresses of a group"}}},
                declare_clients, clients),
            cli::make_verb<Globals, DoctorOptions>(
                {.name = "doctor",
                 .summary = "look for what would keep the server from doing jobs",
                 .schema = "drbl-deploy.doctor/1",
                 .formats = {Format::table, Format::tsv, Format::json, Format::jsonl},
                 .columns = {"verdict", "subject", "message"},
                 .examples = {{"drbl-deploy doctor --server root@drbl.lab",
                               "Check services, ports, space, programs and the lock"}}},
                declare_doctor, doctor)};
}

} // namespace drbl_deploy
