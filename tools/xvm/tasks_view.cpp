// SPDX-License-Identifier: GPL-3.0-or-later
#include "tasks_view.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace xvm {

std::vector<TaskRow> tasks_of(PoolView& view, bool all)
{
    std::map<std::string, std::string> vms;
    for (const auto& vm : view.all<xapi::Vm>())
        for (const auto& [task, operation] : vm.record.current_operations) {
            std::string& names = vms[task];
            names += (names.empty() ? "" : ",") + vm.record.name_label;
        }
    std::vector<TaskRow> rows;
    for (const auto& task : view.all<xapi::Task>())
        if (all || task.record.pending())
            rows.push_back({task.ref, task.record, vms[task.ref.str()]});
    std::sort(rows.begin(), rows.end(), [](const TaskRow& a, const TaskRow& b) {
        return std::tie(a.record.created, a.record.uuid) <
               std::tie(b.record.created, b.record.uuid);
    });
    return rows;
}

std::vector<TaskRow> pick_tasks(PoolView& view, const std::vector<std::string>& words,
                                const std::stop_token& stop)
{
    const auto all = tasks_of(view, true);
    std::vector<TaskRow> picked;
    for (const std::string& word : lab::expand_lists(words, stop)) {
        const std::size_t before = picked.size();
        for (const TaskRow& task : all)
            if (task.record.uuid == word || task.ref.str() == word ||
                (word.size() >= 8 && task.record.uuid.starts_with(word)) ||
                task.record.name_label == word ||
                (lab::has_glob(word) && lab::glob_match(word, task.record.name_label)))
                picked.push_back(task);
        if (picked.size() == before)
            throw Error(Errc::not_found, fmt::format("there is no task {}", text::quoted(word)),
                        "xvm task ls shows them; ended ones are forgotten after a while");
    }
    return picked;
}

} // namespace xvm
