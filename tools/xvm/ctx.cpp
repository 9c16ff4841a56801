// SPDX-License-Identifier: GPL-3.0-or-later
// xvm ctx: the pools that the config file names.
#include "listing.hpp"
#include "xvm.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/lab/config.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace xvm {
namespace {

using nlohmann::ordered_json;

struct None {};
void declare_none(cli::OptionSet&, None&) {}

const std::vector<std::string_view> columns{"name", "default", "host", "user"};

int ls(const Globals&, const None&, cli::Context& context)
{
    const lab::Config config = lab::Config::load();
    Listing listing(context, "xvm.ctx.ls/1", columns, {});
    for (const lab::ContextConfig& one : config.contexts) {
        const bool is_default = one.name == config.default_context ||
                                (config.default_context.empty() && config.contexts.size() == 1);
        listing.add(
            {one.name, is_default ? "yes" : "", one.host, one.user},
            {{"name", one.name}, {"default", is_default}, {"host", one.host}, {"user", one.user}});
    }
    listing.finish();
    return 0;
}

struct Show {
    bool origin = false;
};

void declare_show(cli::OptionSet& set, Show& o)
{
    set.add_flag("--origin", o.origin, "Also say where each value comes from");
}

int show(const Globals& globals, const Show& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    const lab::Pool& pool = pools.single();
    ordered_json values = ordered_json::object();
    for (const lab::Origin& value : pool.origins()) {
        values[value.key] = {{"value", value.value}, {"from", value.from}};
        if (context.shared.format != cli::Format::json)
            context.out().write(
                o.origin ? fmt::format("{}\t{}\t{}\n", value.key, text::printable(value.value),
                                       value.from)
                         : fmt::format("{}\t{}\n", value.key, text::printable(value.value)));
    }
    if (context.shared.format == cli::Format::json)
        context.write_json({{"schema", "xvm.ctx.show/1"}, {"values", values}});
    return 0;
}

struct Add {
    std::string name, host, password_command;
    bool use = false;
};

void declare_add(cli::OptionSet& set, Add& o)
{
    set.add_option("NAME", o.name, "What to call it").required();
    set.add_option("ADDRESS", o.host, "One of its hosts, as HOST[:PORT]").required();
    set.add_option("--password-command", o.password_command,
                   "Command whose first line of output is the password")
        .type_name("COMMAND");
    set.add_flag("--use", o.use, "Make it the default");
}

int add(const Globals& globals, const Add& o, cli::Context& context)
{
    const bool plain = std::all_of(o.name.begin(), o.name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    });
    if (o.name.empty() || !plain)
        throw Error(Errc::usage, fmt::format("{}: a context's name is letters, digits, - and _",
                                             text::quoted(o.name)));
    lab::Config config = lab::Config::load();
    if (config.find(o.name) != nullptr)
        throw Error(Errc::precondition, fmt::format("there is a context {} already", o.name),
                    "xvm ctx rm removes it");
    xapi::parse_endpoint(o.host); // throws for what is none
    lab::ContextConfig made{.name = o.name, .host = o.host};
    if (!globals.connect.user.empty())
        made.user = globals.connect.user;
    made.password_file = globals.connect.password_file;
    made.password_command = o.password_command;
    made.pin = globals.connect.pin;
    config.contexts.push_back(made);
    if (o.use || config.contexts.size() == 1)
        config.default_context = o.name;
    config.save();
    context.note(fmt::format("added {} to {}", o.name, text::printable(config.path)));
    return 0;
}

struct Name {
    std::string name;
};

void declare_name(cli::OptionSet& set, Name& o)
{
    set.add_option("CONTEXT", o.name, "Name of the context").type_name("CONTEXT").required();
}

const lab::ContextConfig& existing(const lab::Config& config, const std::string& name)
{
    const lab::ContextConfig* found = config.find(name);
    if (found == nullptr)
        throw Error(Errc::not_found, fmt::format("there is no context {}", text::quoted(name)),
                    "xvm ctx ls shows them");
    return *found;
}

int use(const Globals&, const Name& o, cli::Context&)
{
    lab::Config config = lab::Config::load();
    existing(config, o.name);
    config.default_context = o.name;
    config.save();
    return 0;
}

int rm(const Globals&, const Name& o, cli::Context&)
{
    lab::Config config = lab::Config::load();
    existing(config, o.name);
    std::erase_if(config.contexts, [&](const auto& context) { return context.name == o.name; });
    if (config.default_context == o.name)
        config.default_context.clear();
    config.save();
    return 0;
}

/// Accepts the certificate that the server shows now.
int trust(const Globals& globals, const Name& o, cli::Context& context)
{
    Globals chosen = globals;
    lab::Config config = lab::Config::load();
    if (config.find(o.name) != nullptr)
        chosen.connect.context = o.name;
    else
        chosen.connect.host = o.name;
    const std::string host = config.find(o.name) != nullptr ? config.find(o.name)->host : o.name;
    const xapi::Endpoint endpoint = xapi::parse_endpoint(host);
    transport::PinStore(lab::state_dir() + "/pins")
        .forget(transport::authority(endpoint.host, endpoint.port));
    lab::Pools pools = open_pools(chosen, context);
    pools.single().session().call_without_session("system.listMethods"); // any that needs no login
    return 0;
}

/// Of the pools of -c or of the default.
int logout(const Globals& globals, const None&, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    for (lab::Pool* pool : pools.chosen())
        context.note(fmt::format("{}: {}", text::printable(pool->name()),
                                 pool->log_out() ? "logged out" : "there is no login"));
    return 0;
}

cli::ToolInfo info(std::string_view name, std::string_view summary, std::string_view schema,
                   std::vector<cli::Example> examples)
{
    return {.name = name,
            .summary = summary,
            .schema = schema,
            .examples = std::move(examples),
            .completes = {"CONTEXT"}};
}

} // namespace

Verb ctx_ls_verb()
{
    cli::ToolInfo listed = info("ctx ls", "list the pools that are known", "xvm.ctx.ls/1",
                                {{"xvm ctx ls --format table", "All contexts"}});
    listed.formats = list_formats;
    listed.columns = columns;
    return cli::make_verb<Globals, None>(std::move(listed), declare_none, ls);
}

Verb ctx_show_verb()
{
    cli::ToolInfo shown = info("ctx show", "show what a command would connect to", "xvm.ctx.show/1",
                               {{"xvm ctx show --origin", "And where each value comes from"}});
    shown.formats = {cli::Format::tsv, cli::Format::json};
    return cli::make_verb<Globals, Show>(std::move(shown), declare_show, show);
}

Verb ctx_add_verb()
{
    return cli::make_verb<Globals, Add>(
        info("ctx add", "remember a pool", "xvm.ctx.add/1",
             {{"xvm ctx add lab xen1.lab --password-file ~/.config/xenlab/lab.password >added",
               "The first one becomes the default"}}),
        declare_add, add);
}

Verb ctx_use_verb()
{
    return cli::make_verb<Globals, Name>(info("ctx use", "choose the default pool", "xvm.ctx.use/1",
                                              {{"xvm ctx use lab >used", "From now on"}}),
                                         declare_name, use);
}

Verb ctx_logout_verb()
{
    return cli::make_verb<Globals, None>(
        info("ctx logout", "end the login that is kept between runs", "xvm.ctx.logout/1",
             {{"xvm ctx logout >logged-out", "Here and on the server"}}),
        declare_none, logout);
}

Verb ctx_rm_verb()
{
    return cli::make_verb<Globals, Name>(
        info("ctx rm", "forget a pool", "xvm.ctx.rm/1",
             {{"xvm ctx rm lab >removed", "The pool itself stays"}}),
        declare_name, rm);
}

Verb ctx_trust_verb()
{
    return cli::make_verb<Globals, Name>(
        info("ctx trust", "accept the certificate that the server shows now", "xvm.ctx.trust/1",
             {{"xvm ctx trust \"$XENLAB_HOST\" >trusted", "After it was replaced on the host"}}),
        declare_name, trust);
}

} // namespace xvm
