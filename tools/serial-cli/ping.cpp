// SPDX-License-Identifier: GPL-3.0-or-later
// ping and info: is there an agent, and what is it?
#include "verbs.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/table.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <thread>

namespace xenlab::serial_cli {
namespace {

using serial::Op;
using serial::Tag;

struct PingOptions {
    unsigned count = 1;
};

void declare_ping(cli::OptionSet& set, PingOptions& o)
{
    set.add_option("-n,--count", o.count, "How often (default 1)").type_name("N").range(1, 1e6);
}

int ping(const Globals& globals, const PingOptions& o, cli::Context& context)
{
    Client client(globals, context);
    client.attach();
    cli::Table table(context, {{"target"}, {"milliseconds", true}});
    nlohmann::ordered_json items = nlohmann::ordered_json::array();
    for (unsigned i = 0; i < o.count; ++i) {
        const auto start = Client::Clock::now();
        const std::uint8_t chan = client.open(Op::ping, serial::Message());
        Client::Event event = client.expect(chan);
        if (event.op == Op::error)
            throw agent_error(event.body);
        const auto micros =
            std::chrono::duration_cast<std::chrono::microseconds>(Client::Clock::now() - start)
                .count();
        const double millis = static_cast<double>(micros) / 1000;
        if (context.shared.format == cli::Format::json ||
            context.shared.format == cli::Format::jsonl)
            items.push_back({{"target", globals.targets.front()}, {"milliseconds", millis}});
        else
            table.row({globals.targets.front(), fmt::format("{:.1f}", millis)});
        while (event.kind != Client::Event::Kind::closed)
            event = client.expect(chan);
        if (i + 1 < o.count)
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    if (context.shared.format == cli::Format::json || context.shared.format == cli::Format::jsonl)
        context.write_json({{"schema", "serial-cli.ping/1"}, {"items", items}});
    else
        table.finish();
    return 0;
}

struct InfoOptions {};

void declare_info(cli::OptionSet& /*set*/, InfoOptions& /*o*/) {}

int info(const Globals& globals, const InfoOptions& /*o*/, cli::Context& context)
{
    Client client(globals, context);
    client.attach();
    const std::uint8_t chan = client.open(Op::info, serial::Message());
    const Client::Event event = client.expect(chan);
    if (event.op == Op::error)
        throw agent_error(event.body);
    const auto fields = serial::Fields::parse(event.body);
    if (!fields)
        throw Error(Errc::bad_data, "the agent sent a malformed answer");
    cli::Table table(context, {{"name"}, {"value"}});
    nlohmann::ordered_json facts;
    for (const std::string& fact : fields->all(Tag::fact)) {
        const std::size_t equals = fact.find('=');
        if (equals == std::string::npos)
            continue;
        const std::string name = fact.substr(0, equals), value = fact.substr(equals + 1);
        if (context.shared.format == cli::Format::json ||
            context.shared.format == cli::Format::jsonl)
            facts[text::printable(name)] = text::printable(value);
        else
            table.row({name, value});
    }
    if (context.shared.format == cli::Format::json || context.shared.format == cli::Format::jsonl)
        context.write_json({{"schema", "serial-cli.info/1"},
                            {"target", globals.targets.front()},
                            {"facts", facts}});
    else
        table.finish();
    return 0;
}

const cli::ToolInfo ping_info{
    .name = "ping",
    .summary = "ask the agent for a sign of life and measure how long it takes",
    .schema = "serial-cli.ping/1",
    .formats = {cli::Format::table, cli::Format::tsv, cli::Format::json, cli::Format::jsonl},
    .columns = {"target", "milliseconds"},
    .examples = {{"serial-cli -t pty:guest ping", "Is the agent there?"}},
};

const cli::ToolInfo info_info{
    .name = "info",
    .summary = "print what the agent knows about its guest",
    .schema = "serial-cli.info/1",
    .formats = {cli::Format::table, cli::Format::tsv, cli::Format::json, cli::Format::jsonl},
    .columns = {"name", "value"},
    .examples = {{"serial-cli -t pty:guest info", "Which system runs there?"}},
};

} // namespace

Verb ping_verb()
{
    return cli::make_verb<Globals, PingOptions>(ping_info, declare_ping, ping);
}

Verb info_verb()
{
    return cli::make_verb<Globals, InfoOptions>(info_info, declare_info, info);
}

} // namespace xenlab::serial_cli
