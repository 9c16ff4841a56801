// SPDX-License-Identifier: GPL-3.0-or-later
// xvm events: what happens in a pool, a line each, until interrupted.
#include "json_value.hpp"
#include "listing.hpp"
#include "xvm.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/xapi/events.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace xvm {
namespace {

using nlohmann::ordered_json;

struct Options {
    std::vector<std::string> classes;
    bool now = false;
    std::chrono::milliseconds duration{0};
    std::uint64_t count = 0;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("CLASS", o.classes, "Only of these classes, as vm or task (default: all)")
        .type_name("CLASS");
    set.add_flag("--now", o.now, "First what there is already, as additions");
    set.add_duration("--duration", o.duration, "End after that time");
    set.add_option("--count", o.count, "End after that many").type_name("N");
}

std::string field(const xapi::Event& event, std::string_view name)
{
    const auto* value = event.snapshot.find(name);
    return value == nullptr ? std::string() : value->as_scalar().value_or("");
}

ordered_json document(const xapi::Event& event)
{
    ordered_json line{
        {"class", event.class_name}, {"operation", event.operation}, {"ref", event.ref}};
    for (const std::string_view name : {"uuid", "name_label", "power_state", "status"})
        if (const std::string value = field(event, name); !value.empty())
            line[name == "name_label" ? "name" : std::string(name)] = value;
    if (event.snapshot.if_struct() != nullptr)
        line["snapshot"] = to_json(event.snapshot);
    return line;
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    lab::Pool& pool = pools.single();
    xapi::EventStream events(pool.session(),
                             o.classes.empty() ? std::vector<std::string>{"*"} : o.classes);
    const auto deadline =
        o.duration.count() > 0 ? transport::deadline_in(o.duration) : transport::no_deadline;
    const bool json = context.shared.format == cli::Format::jsonl;
    std::uint64_t seen = 0;
    while (std::chrono::steady_clock::now() < deadline) {
        const auto batch = events.next(deadline);
        if (batch.everything && !o.now)
            continue; // what was there before
        for (const xapi::Event& event : batch.events) {
            if (json) {
                context.write_json(document(event));
            } else {
                const std::string state = field(event, "power_state") + field(event, "status");
                context.out().write(fmt::format(
                    "{}\t{}\t{}\t{}\t{}\n", text::printable(event.class_name),
                    text::printable(event.operation), text::printable(field(event, "uuid")),
                    text::printable(field(event, "name_label")), text::printable(state)));
            }
            if (o.count != 0 && ++seen == o.count)
                return 0;
        }
        context.out().flush();
    }
    return 0;
}

} // namespace

Verb events_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "events",
         .summary = "print what happens in a pool, as it happens",
         .schema = "xvm.events/1",
         .formats = {cli::Format::tsv, cli::Format::jsonl},
         .examples = {{"xvm events vm --now --count 1 --jsonl | jq -r .name",
                       "One document a line; --now begins with what there is"}},
         .completes = {"CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm
