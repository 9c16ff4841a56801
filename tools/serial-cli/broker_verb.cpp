// SPDX-License-Identifier: GPL-3.0-or-later
// broker: runs one, shows its state, or ends it.
#include "broker.hpp"
#include "start_broker.hpp"
#include "verbs.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/options.hpp>
#include <xenlab/cli/table.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <sys/socket.h>
#include <unistd.h>

namespace xenlab::serial_cli {
namespace {

struct Options {
    bool stop = false, status = false, no_log = false;
    std::chrono::milliseconds idle{0};
    std::uint64_t mtu = serial::max_payload, window = 24 * 1024;
};

void declare(cli::OptionSet& set, Options& o)
{
    const auto stop =
        set.add_flag("--stop", o.stop, "End the broker of the target, which closes the connection");
    set.add_flag("--status", o.status, "Print what the broker of the target is doing")
        .excludes(stop);
    set.add_duration("--idle", o.idle,
                     "End when no client has been there for so long (default: never)");
    set.add_flag("--no-log", o.no_log, "Keep no log of what the guest writes");
    set.add_size("--mtu", o.mtu, "Most payload bytes of a frame, 64 to 2048 (PV consoles: 512)");
    set.add_size("--window", o.window, "Most bytes in flight, 512 to 32K (PV consoles: 8K)");
}

/// One request to a broker that runs already.
Client::Event ask(const Globals& globals, cli::Context& context, Kind kind)
{
    const Target target = target_of(globals);
    if (!connect_broker(socket_path_of(target)))
        throw Error(Errc::not_found,
                    fmt::format("{}: no broker is running", text::printable(target.text)));
    Client client(globals, context);
    client.request(kind);
    auto event = client.next(Client::Clock::now() + std::chrono::seconds(10));
    if (!event)
        throw Error(Errc::timeout, "the broker does not answer");
    return std::move(*event);
}

int show(const Globals& globals, cli::Context& context)
{
    const Client::Event event = ask(globals, context, Kind::status);
    const auto fields = serial::Fields::parse(event.body);
    if (!fields)
        throw Error(Errc::bad_data, "the broker sent a malformed answer");
    cli::Table table(context, {{"name"}, {"value"}});
    nlohmann::ordered_json facts;
    const bool document =
        context.shared.format == cli::Format::json || context.shared.format == cli::Format::jsonl;
    for (const std::string& fact : fields->all(serial::Tag::fact)) {
        const std::size_t equals = fact.find('=');
        const std::string name = fact.substr(0, equals), value = fact.substr(equals + 1);
        if (document)
            facts[name] = text::printable(value);
        else
            table.row({name, value});
    }
    if (document)
        context.write_json({{"schema", "serial-cli.broker/1"}, {"facts", facts}});
    else
        table.finish();
    return 0;
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    const Target target = target_of(globals);
    if (o.stop) {
        ask(globals, context, Kind::quit);
        return 0;
    }
    if (o.status)
        return show(globals, context);
    if (o.mtu < 64 || o.mtu > serial::max_payload || o.window < 512 || o.window > 32U << 10U)
        throw Error(Errc::usage, "impossible value of --mtu or --window");
    const auto lock = lock_target(target);
    if (!lock)
        throw Error(Errc::precondition,
                    fmt::format("{}: a broker is running already", text::printable(target.text)),
                    "serial-cli broker --stop ends it");
    BrokerOptions options{.target = target,
                          .pool = globals.pool,
                          .socket_path = socket_path_of(target),
                          .log_path = o.no_log ? "" : log_path_of(target),
                          .idle = o.idle};
    options.mtu = static_cast<std::uint16_t>(o.mtu);
    options.window = static_cast<std::uint16_t>(o.window);
    Broker(std::move(options), context.stop).run();
    return 0;
}

const cli::ToolInfo info{
    .name = "broker",
    .summary = "own the connection to a port so that clients may come and go",
    .schema = "serial-cli.broker/1",
    .formats = {cli::Format::table, cli::Format::tsv, cli::Format::json, cli::Format::jsonl},
    .columns = {"name", "value"},
    .examples = {{"serial-cli -t pty:guest broker --status", "Is the port connected?"}},
};

} // namespace

Verb broker_verb()
{
    return cli::make_verb<Globals, Options>(info, declare, run);
}

} // namespace xenlab::serial_cli
