// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan.hpp"

#include "image_views.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace drbl_deploy {
namespace {

using nlohmann::ordered_json;

void judge_image(Plan& plan, const std::vector<drbl::Image>& images)
{
    const auto it = std::find_if(images.begin(), images.end(), [&](const drbl::Image& image) {
        return image.name == plan.job.image;
    });
    if (plan.job.action == drbl::Action::save) {
        if (it != images.end())
            plan.blockers.push_back(
                fmt::format("an image {} is there already: rename or prune it", plan.job.image));
        return;
    }
    if (it == images.end()) {
        std::vector<std::string> names;
        for (const drbl::Image& image : images)
            names.push_back(image.name);
        const auto near = text::nearest(plan.job.image, names);
        throw Error(Errc::not_found, fmt::format("the server has no image {}", plan.job.image),
                    near ? fmt::format("did you mean {}?", text::printable(*near))
                         : "drbl-deploy images ls shows those that it has");
    }
    plan.image = *it;
    drbl::Fitness fitness = drbl::judge(*it, plan.job, plan.targets);
    for (const std::string& words : fitness.blockers)
        plan.blockers.push_back(fmt::format("image {}: {}", it->name, words));
    for (const std::string& words : fitness.warnings)
        plan.warnings.push_back(fmt::format("image {}: {}", it->name, words));
}

void judge_server(Plan& plan)
{
    const auto& now = *plan.now;
    if (now.phase == drbl::JobStatus::Phase::foreign)
        plan.blockers.emplace_back("the server has a job that drbl-deploy did not start");
    else if (!now.over())
        plan.blockers.push_back(
            fmt::format("the server has a job: {} {} by {} since {}, {} of {} clients done",
                        drbl::name_of(now.record->action), now.record->image,
                        now.record->started_by, rfc3339(now.record->started),
                        now.count(drbl::ClientStatus::State::done), now.clients.size()));
    if (plan.job.all_clients)
        plan.warnings.emplace_back("every machine that boots from the network gets this job");
}

/// Room and programs for a save; DRBL would notice neither.
void judge_save(Plan& plan, const std::vector<drbl::Record>& records)
{
    if (plan.clients.size() > 1)
        plan.blockers.emplace_back("several clients would save into one image");
    const std::string program(drbl::compressor_of(plan.job));
    if (!program.empty() && drbl::has_program(records, program) == false)
        plan.warnings.push_back(
            fmt::format("the server has no {}: clients would use gzip instead", program));
    if (!plan.facts->image_free)
        return;
    const std::uint64_t room = *plan.facts->image_free;
    if (room < 10ULL << 30U)
        plan.warnings.push_back(fmt::format("only {} free for images", text::human_size(room)));
    for (const drbl::TargetDisk& target : plan.targets)
        if (target.size > room)
            plan.warnings.push_back(
                fmt::format("{} of {} may hold {}, and {} are free for images", target.disk,
                            target.client, text::human_size(target.size), text::human_size(room)));
}

ordered_json document_of(const Plan& plan)
{
    ordered_json doc{{"schema", "drbl-deploy.plan/1"},
                     {"action", drbl::name_of(plan.job.action)},
                     {"command", drbl::command_line(plan.job)},
                     {"argv", drbl::command_words(plan.job)}};
    doc["clients"] = ordered_json::array();
    for (const drbl::Client& client : plan.clients)
        doc["clients"].push_back({{"name", client.name}, {"ip", client.ip}, {"mac", client.mac}});
    doc["targets"] = ordered_json::array();
    for (const drbl::TargetDisk& target : plan.targets)
        doc["targets"].push_back(
            {{"client", target.client}, {"disk", target.disk}, {"size", target.size}});
    if (plan.image)
        doc["image"] = document(*plan.image);
    doc["warnings"] = plan.warnings;
    doc["blockers"] = plan.blockers;
    return doc;
}

std::string age_of(const Plan& plan)
{
    const std::int64_t age = plan.facts->time - plan.image->modified;
    if (age < 0)
        return "saved in the future, by the server's clock";
    if (age >= 86400)
        return fmt::format("{} day{} old", age / 86400, age < 2 * 86400 ? "" : "s");
    return fmt::format("{} old", text::human_duration(std::chrono::seconds(age)));
}

void note_image(const cli::Context& context, const Plan& plan)
{
    const drbl::Image& image = *plan.image;
    context.note(fmt::format(
        "image {}: {} on the server, {}, {}", image.name, text::human_size(image.stored),
        image.checksums ? "with checksums" : "without checksums", age_of(plan)));
    for (const drbl::ImageDisk& disk : image.disks)
        if (disk.size != 0)
            context.note(fmt::format("  disk {}: {}, partitions end at {}",
                                     text::printable(disk.name), text::human_size(disk.size),
                                     text::human_size(disk.needed)));
    for (const drbl::ImagePartition& part : image.partitions)
        context.note(fmt::format(
            "  {}: {}, {} by {}", text::printable(part.name),
            part.filesystem.empty() ? "unknown filesystem" : text::printable(part.filesystem),
            text::human_size(part.stored), part.tool.empty() ? "nothing" : part.tool));
}

} // namespace

void check_command(drbl::Job job, const std::vector<drbl::TargetWord>& words, std::size_t vms)
{
    if (!job.all_clients && words.size() + vms > 0) {
        job.hosts.assign(words.size() + vms, "0.0.0.0"); // as many as there will be
        if (std::any_of(words.begin(), words.end(), [](const drbl::TargetWord& word) {
                return word.kind == drbl::TargetWord::Kind::group;
            }))
            job.hosts.assign(drbl::max_targets, "0.0.0.0"); // a group is of any size
    }
    if (job.all_clients && words.size() + vms > 0)
        job.hosts.assign(1, "0.0.0.0");
    drbl::require_valid(job);
}

Plan plan_offline(drbl::Job job, const std::vector<drbl::TargetWord>& words)
{
    check_command(job, words, 0);
    Plan plan;
    plan.job = std::move(job);
    plan.job.hosts = drbl::addresses_of(words);
    for (const std::string& host : plan.job.hosts)
        plan.clients.push_back({"", host, ""});
    drbl::require_valid(plan.job);
    if (plan.job.action == drbl::Action::save && plan.clients.size() > 1)
        plan.blockers.emplace_back("several clients would save into one image");
    return plan;
}

Plan plan_with(Server& server, drbl::Job job, std::vector<drbl::TargetWord> words,
               const std::vector<VmCards>& vms, std::uint64_t target_size)
{
    check_command(job, words, vms.size());
    Plan plan;
    plan.job = std::move(job);
    const auto records =
        server.survey({"clients", "images", "job", "programs", "image=" + plan.job.image});
    plan.facts = drbl::read_facts(records);
    const drbl::Clients known = drbl::read_clients(records);
    const auto more = words_of_vms(vms, known);
    words.insert(words.end(), more.begin(), more.end());
    plan.clients = plan.job.all_clients ? known.list : drbl::resolve(words, known);
    if (!plan.job.all_clients)
        for (const drbl::Client& client : plan.clients)
            plan.job.hosts.push_back(client.ip);
    drbl::require_valid(plan.job);
    plan.now = drbl::read_status(records);
    plan.targets = targets_of_vms(vms, plan.job.devices, plan.blockers);
    if (target_size != 0)
        for (const std::string& device : plan.job.devices)
            plan.targets.push_back({"", device, target_size});
    judge_image(plan, drbl::read_images(records));
    judge_server(plan);
    if (plan.job.action == drbl::Action::save)
        judge_save(plan, records);
    return plan;
}

void print_plan(cli::Context& context, const Plan& plan)
{
    if (context.shared.format == cli::Format::json || context.shared.format == cli::Format::jsonl) {
        context.write_json(document_of(plan));
        return;
    }
    context.out().write(drbl::command_line(plan.job) + "\n");
    context.out().flush();
    for (const drbl::Client& client : plan.clients)
        context.note(std::string(
            text::trim(fmt::format("client {} {} {}", client.ip, client.mac, client.name))));
    for (const drbl::TargetDisk& target : plan.targets)
        if (!target.client.empty())
            context.note(fmt::format("  {} of {}: {}", target.disk, target.client,
                                     text::human_size(target.size)));
    if (plan.image)
        note_image(context, plan);
    for (const std::string& words : plan.warnings)
        context.warning(words);
    for (const std::string& words : plan.blockers)
        context.warning(fmt::format("--run would refuse: {}", words));
}

} // namespace drbl_deploy
