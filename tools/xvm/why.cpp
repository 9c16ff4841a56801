// SPDX-License-Identifier: GPL-3.0-or-later
// xvm why: what blocks a VM or a disk, in plain words.
#include "listing.hpp"
#include "obstacles.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace xvm {
namespace {

using nlohmann::ordered_json;

struct Options {
    std::vector<std::string> objects;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("OBJECT", o.objects,
                   "VMs or disks: name, uuid, start of a uuid, VM/DEVICE for a disk, - for a list")
        .type_name("VM")
        .required();
}

const std::vector<std::string_view> columns{"name", "kind", "message", "hint", "class", "uuid"};

class Answer {
  public:
    explicit Answer(cli::Context& context)
        : context_(context),
          list_(context, "xvm.why/1", columns, {"name", "kind", "message", "hint"})
    {
    }

    void add(std::string_view class_name, const std::string& name, const std::string& uuid,
             const std::vector<Obstacle>& found)
    {
        if (context_.shared.format == cli::Format::json ||
            context_.shared.format == cli::Format::jsonl) {
            ordered_json obstacles = ordered_json::array();
            for (const Obstacle& one : found)
                obstacles.push_back(
                    {{"kind", one.kind},
                     {"message", one.message},
                     {"hint", one.hint},
                     {"task", one.task.empty() ? ordered_json() : ordered_json(one.task)}});
            list_.add({}, {{"name", name},
                           {"class", class_name},
                           {"uuid", uuid},
                           {"obstacles", std::move(obstacles)}});
            return;
        }
        for (const Obstacle& one : found)
            list_.add({name, one.kind, one.message, one.hint, std::string(class_name), uuid}, {});
        if (found.empty())
            context_.note(fmt::format("nothing stands in the way of {}", text::quoted(name)));
    }
    void finish() { list_.finish(); }

  private:
    cli::Context& context_;
    Listing list_;
};

/// A VM (also a template or snapshot) if a word means one, else a disk.
void explain(PoolView& view, const std::string& word, Answer& answer, const cli::Context& context)
{
    const auto& vms = view.all<xapi::Vm>();
    std::vector<std::size_t> found;
    try {
        found = match("VM or disk", known(vms), word);
    } catch (const Error& error) {
        if (error.code() != Errc::not_found)
            throw;
        std::vector<const xapi::Object<xapi::Vdi>*> vdis;
        try {
            vdis = pick_vdis(view, {word}, context.stop);
        } catch (const Error& neither) {
            if (neither.code() == Errc::not_found)
                throw error; // "there is no VM or disk …"
            throw;
        }
        for (const auto* vdi : vdis)
            answer.add("VDI", vdi->record.name_label, vdi->record.uuid, obstacles_of(view, *vdi));
        return;
    }
    for (const std::size_t index : found)
        answer.add("VM", vms[index].record.name_label, vms[index].record.uuid,
                   obstacles_of(view, vms[index].ref, vms[index].record));
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    PoolView view(pools.single());
    Answer answer(context);
    for (const std::string& word : lab::expand_lists(o.objects, context.stop))
        explain(view, word, answer, context);
    answer.finish();
    return 0;
}

} // namespace

Verb why_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "why",
         .summary = "say in plain words what blocks a VM or a disk",
         .schema = "xvm.why/1",
         .formats = row_formats,
         .columns = columns,
         .examples = {{"xvm why web1 --json", "Why does it not start, stop or go away?"}},
         .completes = {"VM", "CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm
