// SPDX-License-Identifier: GPL-3.0-or-later
#include "run_job.hpp"

#include "wait.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <pwd.h>
#include <random>

#include <unistd.h>

namespace drbl_deploy {
namespace {

using namespace std::chrono_literals;
using Phase = drbl::JobStatus::Phase;

std::string new_id()
{
    std::random_device device;
    return fmt::format("{:08x}{:08x}", device(), device());
}

/// Who we are, for the other operators: letters and digits only, as it goes into a file there.
std::string who()
{
    std::string name = "somebody";
    if (const passwd* entry = ::getpwuid(::getuid()); entry != nullptr)
        name = entry->pw_name;
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) == 0)
        name += fmt::format("@{}", host.data());
    for (char& c : name)
        if (static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7F)
            c = '_';
    return name;
}

drbl::JobRecord record_of(const Plan& plan)
{
    drbl::JobRecord record;
    record.id = new_id();
    record.started_by = who();
    record.started = plan.facts->time;
    record.action = plan.job.action;
    record.image = plan.job.image;
    record.devices = plan.job.devices;
    record.clients = plan.clients;
    record.clients_to_wait = plan.job.clients_to_wait;
    return record;
}

void refuse_blockers(const Plan& plan, const JobOptions& o, const cli::Context& context)
{
    for (const std::string& words : plan.warnings)
        context.warning(words);
    if (plan.blockers.empty())
        return;
    if (!o.force)
        throw Error(Errc::precondition, fmt::format("{}", fmt::join(plan.blockers, "; ")),
                    "--force goes on nevertheless");
    for (const std::string& words : plan.blockers)
        context.warning(words);
}

void start(Server& server, const Plan& plan, const drbl::JobRecord& record)
{
    const std::string seen = plan.now->record ? plan.now->record->id : "";
    const auto result =
        server.run(drbl::start_job(record.text(), seen, drbl::command_line(plan.job)));
    if (result.exit.status == 76)
        throw Error(Errc::precondition, "somebody else started a job at this moment",
                    "drbl-deploy status shows it");
    require_success(result, "starting the job");
}

/// drbl-ocs checks the image first, which takes as long as reading it.
drbl::JobStatus wait_until_set_up(Server& server, const std::string& id,
                                  const cli::Context& context)
{
    const auto deadline = std::chrono::steady_clock::now() + 2h;
    while (true) {
        auto status = survey_job(server, deadline, context);
        if (!status.record || status.record->id != id)
            throw Error(Errc::failed, "somebody else started another job in the meantime");
        if (status.phase != Phase::starting)
            return status;
        pause(500ms, deadline, "the server is still setting up the job", context.stop);
    }
}

std::string last_words(const drbl::JobStatus& status)
{
    std::string_view words = text::trim(status.output);
    if (words.size() > 400)
        words.remove_prefix(words.size() - 400);
    return text::quoted(words, 400);
}

} // namespace

namespace {

/// drbl-ocs kills a first job for a second, but leaves its clients' menus: they would boot into it.
void end_other_job(Server& server, const drbl::JobStatus& now, const cli::Context& context)
{
    if (!now.locked || now.over())
        return;
    context.note("stopping the job that the server has");
    stop_job(server, addresses_of(now));
}

} // namespace

int run_job(Server& server, const Plan& plan, const JobOptions& o, cli::Context& context)
{
    refuse_blockers(plan, o, context);
    confirm(context, o.yes,
            fmt::format("{} {} on {} of {} client{}", drbl::name_of(plan.job.action),
                        plan.job.image, fmt::join(plan.job.devices, ", "), plan.clients.size(),
                        plan.clients.size() == 1 ? "" : "s"));
    const drbl::JobRecord record = record_of(plan);
    end_other_job(server, *plan.now, context);
    start(server, plan, record);
    context.detail(fmt::format("job {}: {}", record.id, drbl::command_line(plan.job)));
    drbl::JobStatus status = wait_until_set_up(server, record.id, context);
    if (status.phase == Phase::failed)
        throw Error(Errc::failed, fmt::format("drbl-ocs refused: exit status {}: {}",
                                              status.exit_status.value_or(-1), last_words(status)));
    const auto differences = drbl::read_back(plan.job, status);
    if (!differences.empty()) {
        // Clients must not do what nobody asked for.
        stop_job(server, plan.job.hosts);
        throw Error(Errc::failed,
                    fmt::format("the server configured something else, and the job was stopped: {}",
                                fmt::join(differences, "; ")),
                    "its log is /var/log/xenlab-drbl.log");
    }
    context.note(fmt::format("the server is ready: let the client{} boot from the network",
                             plan.clients.size() == 1 ? "" : "s"));
    if (o.wait) {
        status = wait_for_job(server, wait_options(context), context, report_news(context));
        print_status(context, status);
        return drbl::verdict(status);
    }
    print_status(context, status);
    return 0;
}

std::vector<std::string> addresses_of(const drbl::JobStatus& status)
{
    std::vector<std::string> all;
    for (const drbl::ClientStatus& client : status.clients)
        all.push_back(client.client.ip);
    return all;
}

void stop_job(Server& server, const std::vector<std::string>& addresses)
{
    const auto result = server.run(drbl::stop_job(addresses), 5min, true);
    require_success(result, "stopping the job");
    const auto status = drbl::read_status(server.survey({"job"}));
    if (status.locked || status.listening)
        throw Error(Errc::failed, "the job is still there after drbl-ocs stop",
                    "its log is /var/log/xenlab-drbl.log on the server");
    for (const drbl::BootEntry& entry : status.boot)
        if (entry.boots_clonezilla())
            throw Error(Errc::failed,
                        fmt::format("{} would still boot Clonezilla", text::printable(entry.ip)));
}

} // namespace drbl_deploy
