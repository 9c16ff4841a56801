// SPDX-License-Identifier: GPL-3.0-or-later
// status, stop, wake.
#include "run_job.hpp"
#include "wait.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/options.hpp>
#include <xenlab/cli/table.hpp>
#include <xenlab/drbl/names.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace drbl_deploy {
namespace {

using nlohmann::ordered_json;
using Phase = drbl::JobStatus::Phase;
using cli::Format;

ordered_json or_null(const std::optional<std::uint64_t>& value)
{
    return value ? ordered_json(*value) : ordered_json();
}

ordered_json job_document(const drbl::JobStatus& status)
{
    ordered_json job{{"phase", drbl::name_of(status.phase)}};
    if (status.record) {
        job["id"] = status.record->id;
        job["by"] = status.record->started_by;
        job["started"] = rfc3339(status.record->started);
        job["action"] = drbl::name_of(status.record->action);
        job["image"] = status.record->image;
        job["devices"] = status.record->devices;
    }
    job["changed"] = rfc3339(status.changed);
    job["sending"] = status.sending;
    job["position"] = or_null(status.position);
    job["total"] = or_null(status.total);
    return job;
}

ordered_json client_document(const drbl::ClientStatus& client)
{
    return {{"ip", client.client.ip},        {"mac", client.client.mac},
            {"name", client.client.name},    {"state", drbl::name_of(client.state)},
            {"time", client.time},           {"message", text::printable(client.message)},
            {"bytes", or_null(client.bytes)}};
}

const std::vector<std::string_view> status_columns{"ip",   "state",   "mac",  "name",
                                                   "time", "message", "bytes"};

std::string bytes_of(const drbl::ClientStatus& client, const cli::Context& context)
{
    if (!client.bytes)
        return {};
    return context.shared.format == Format::table ? text::human_size(*client.bytes)
                                                  : std::to_string(*client.bytes);
}

struct StatusOptions {
    bool wait = false, stop = false;
    std::chrono::milliseconds stall{std::chrono::minutes(10)};
};

void declare_status(cli::OptionSet& options, StatusOptions& o)
{
    options.add_flag("--wait", o.wait,
                     "Wait until every client has reported (2h, or --timeout), through lost "
                     "connections");
    options.add_flag("--stop", o.stop,
                     "Then end the job: its services stop and its clients boot from their disks");
    options.add_duration("--stall", o.stall, "Warn when nothing moves for that long (default 10m)");
}

int status(const Globals& globals, const StatusOptions& o, cli::Context& context)
{
    Server server(globals, context);
    auto records = server.survey({"job"});
    drbl::read_facts(records);
    drbl::JobStatus now = drbl::read_status(records);
    if (o.wait && !now.over()) {
        WaitOptions options = wait_options(context);
        options.stall = std::chrono::duration_cast<std::chrono::seconds>(o.stall);
        now = wait_for_job(server, options, context, report_news(context));
    }
    if (o.wait && now.phase == Phase::none)
        throw Error(Errc::not_found, "the server has no job to wait for");
    print_status(context, now);
    if (o.stop && now.locked)
        stop_job(server, addresses_of(now));
    return o.wait ? drbl::verdict(now) : 0;
}

struct StopOptions {
    bool yes = false;
};

void declare_stop(cli::OptionSet& options, StopOptions& o)
{
    options.add_flag("-y,--yes", o.yes, "Do not ask");
}

int stop(const Globals& globals, const StopOptions& o, cli::Context& context)
{
    Server server(globals, context);
    const auto records = server.survey({"job"});
    drbl::read_facts(records);
    const drbl::JobStatus now = drbl::read_status(records);
    if (!now.locked && !now.listening && now.phase != Phase::starting) {
        context.note("the server has no job");
        return 0;
    }
    const std::string what = now.record
                                 ? fmt::format("{} {} by {}", drbl::name_of(now.record->action),
                                               now.record->image, now.record->started_by)
                                 : "a job that drbl-deploy did not start";
    // DRBL can only stop all there is: kill -9 of every drbl-ocs, ocsmgrd and udp-sender.
    confirm(context, o.yes,
            fmt::format("stopping {}, for every client of the server, {} of {} done", what,
                        now.count(drbl::ClientStatus::State::done), now.clients.size()));
    stop_job(server, addresses_of(now));
    context.note(fmt::format("stopped {}", what));
    return 0;
}

struct WakeOptions {
    std::vector<std::string> clients;
    std::string broadcast;
    bool job = false;
};

void declare_wake(cli::OptionSet& options, WakeOptions& o)
{
    options.add_option(
        "CLIENT", o.clients,
        "Addresses, ranges, names, MAC addresses, @GROUPs; without any those of the job");
    options
        .add_option("--broadcast", o.broadcast,
                    "Send to that address only (default every network of the server)")
        .type_name("ADDRESS");
}

std::vector<drbl::Client> clients_to_wake(Server& server, const WakeOptions& o)
{
    if (o.clients.empty()) {
        const auto records = server.survey({"job"});
        drbl::read_facts(records);
        const auto now = drbl::read_status(records);
        if (!now.record || now.over())
            throw Error(Errc::usage, "CLIENT is missing",
                        "there is no job whose clients could be woken");
        return now.record->clients;
    }
    const auto words = drbl::parse_targets(fmt::format("{}", fmt::join(o.clients, " ")));
    const auto records = server.survey({"clients"});
    drbl::read_facts(records);
    return drbl::resolve(words, drbl::read_clients(records));
}

int wake(const Globals& globals, const WakeOptions& o, cli::Context& context)
{
    if (!o.broadcast.empty() && !drbl::parse_ipv4(o.broadcast))
        throw Error(Errc::usage, fmt::format("not an address: {}", text::quoted(o.broadcast)));
    Server server(globals, context);
    const auto clients = clients_to_wake(server, o);
    std::vector<std::string> macs;
    for (const drbl::Client& client : clients)
        if (!client.mac.empty())
            macs.push_back(client.mac);
    if (!macs.empty())
        require_success(server.run(drbl::wake(macs, o.broadcast)), "waking the clients");
    cli::Table table(context, {{"status"}, {"ip"}, {"mac"}, {"name"}, {"message"}});
    for (const drbl::Client& client : clients)
        table.row({client.mac.empty() ? "fail" : "ok", client.ip, client.mac, client.name,
                   client.mac.empty() ? "its MAC address is not in dhcpd.conf" : "sent"});
    table.finish();
    return macs.size() == clients.size() ? 0 : macs.empty() ? 3 : 8;
}

} // namespace

void print_status(cli::Context& context, const drbl::JobStatus& status)
{
    const Format format = context.shared.format;
    if (format == Format::json || format == Format::jsonl) {
        ordered_json doc{{"schema", "drbl-deploy.status/1"}, {"job", job_document(status)}};
        doc["items"] = ordered_json::array();
        for (const drbl::ClientStatus& client : status.clients)
            doc["items"].push_back(client_document(client));
        context.write_json(doc);
        return;
    }
    std::string words = fmt::format("job: {}", drbl::name_of(status.phase));
    if (status.record)
        words += fmt::format(", {} {} by {} since {}", drbl::name_of(status.record->action),
                             status.record->image, status.record->started_by,
                             rfc3339(status.record->started));
    if (status.position && *status.position > 0 && !status.over())
        words +=
            fmt::format(", {}{}", text::human_size(*status.position),
                        status.total ? fmt::format(" of {}", text::human_size(*status.total)) : "");
    context.note(words);
    std::vector<cli::Column> columns;
    for (const std::string_view name : status_columns)
        columns.push_back({name, name == "bytes"});
    cli::Table table(context, std::move(columns));
    for (const drbl::ClientStatus& client : status.clients)
        table.row({client.client.ip, std::string(drbl::name_of(client.state)), client.client.mac,
                   client.client.name, client.time, client.message, bytes_of(client, context)});
    table.finish();
}

std::vector<Verb> status_verbs()
{
    const std::vector<Format> formats{Format::table, Format::tsv, Format::json, Format::jsonl};
    return {
        cli::make_verb<Globals, StatusOptions>(
            {.name = "status",
             .summary = "show the job and its clients, or wait for them",
             .schema = "drbl-deploy.status/1",
             .formats = formats,
             .columns = status_columns,
             .progress_option = true,
             .timeout_option = true,
             .examples = {{"drbl-deploy status --wait --timeout 45m && echo done",
                           "Wait for every client of the job, whoever started it"}}},
            declare_status, status),
        cli::make_verb<Globals, StopOptions>(
            {.name = "stop",
             .summary = "end the job of the server, for all clients",
             .schema = "drbl-deploy.stop/1",
             .formats = {},
             .examples = {{"drbl-deploy stop --yes", "End it and let clients boot their disks"}}},
            declare_stop, stop),
        cli::make_verb<Globals, WakeOptions>(
            {.name = "wake",
             .summary = "switch clients on by Wake-on-LAN, from the server",
             .schema = "drbl-deploy.wake/1",
             .formats = {Format::table, Format::tsv},
             .columns = {"status", "ip", "mac", "name", "message"},
             .examples = {{"drbl-deploy wake @room1", "Switch on a group of clients"}}},
            declare_wake, wake)};
}

} // namespace drbl_deploy
