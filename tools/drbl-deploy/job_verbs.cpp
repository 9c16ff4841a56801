// SPDX-License-Identifier: GPL-3.0-or-later
// save, restore, multicast.
#include "job_options.hpp"
#include "plan.hpp"
#include "run_job.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

namespace drbl_deploy {
namespace {

template <drbl::Action action>
void declare(cli::OptionSet& options, JobOptions& o)
{
    declare_job_options(options, o, action);
}

template <drbl::Action action>
int run(const Globals& globals, const JobOptions& given, cli::Context& context)
{
    const JobOptions o = with_profile(given, globals);
    const drbl::Job job = job_of(o, action);
    const auto words = target_words(o, context);
    const std::uint64_t target_size = target_size_of(o);
    check_command(job, words, o.vms.empty() ? 0 : drbl::max_targets);
    if (!o.run && o.vms.empty() && server_of(globals).empty()) {
        print_plan(context, plan_offline(job, words));
        context.note("no server is named: its clients and images were not looked at");
        return 0;
    }
    Server server(globals, context);
    std::vector<VmCards> vms;
    if (!o.vms.empty()) {
        vms = cards_of_vms(o.connect, o.vms, context);
    }
    const Plan plan = plan_with(server, job, words, vms, target_size);
    if (!o.run) {
        print_plan(context, plan);
        return 0;
    }
    return run_job(server, plan, o, context);
}

template <drbl::Action action>
Verb verb(std::string_view summary, std::vector<cli::Example> examples)
{
    return cli::make_verb<Globals, JobOptions>(
        {.name = drbl::name_of(action),
         .summary = summary,
         .schema = "drbl-deploy.plan/1",
         .formats = {cli::Format::table, cli::Format::tsv, cli::Format::json, cli::Format::jsonl},
         .columns = {"ip", "state", "mac", "name", "time", "message", "bytes"},
         .progress_option = true,
         .timeout_option = true,
         .examples = std::move(examples)},
        declare<action>, run<action>);
}

} // namespace

std::vector<Verb> job_verbs()
{
    using drbl::Action;
    return {verb<Action::save>("save a client's disk or partitions as an image",
                               {{"drbl-deploy save gold --disk sda --hosts 10.0.0.5 --compress z9p",
                                 "Print the command that saves the disk of one machine"}}),
            verb<Action::restore>(
                "restore an image, to each client by itself",
                {{"drbl-deploy restore gold --disk sda --hosts 10.0.0.5-20 --after poweroff",
                  "Print the command that restores an image on sixteen machines"}}),
            verb<Action::multicast>(
                "restore an image on many clients at once",
                {{"drbl-deploy multicast gold --disk sda --hosts 10.0.0.5-24 --clients 20",
                  "Print the command that multicasts an image to twenty machines"}})};
}

} // namespace drbl_deploy
