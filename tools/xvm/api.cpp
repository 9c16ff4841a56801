// SPDX-License-Identifier: GPL-3.0-or-later
// xvm api: any call of XAPI.
#include "json_value.hpp"
#include "xvm.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace xvm {
namespace {

using nlohmann::ordered_json;

struct Options {
    std::string method;
    std::vector<std::string> args;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("METHOD", o.method, "CLASS.method, or Async.CLASS.method for a task").required();
    set.add_option("ARG", o.args,
                   "Parameters: text; true or false; JSON for sets and maps; f:1.5 for a float; "
                   "s:TEXT for what would be taken for something else. A uuid in the first place "
                   "becomes the reference");
}

xmlrpc::Value from_json(const nlohmann::json& json)
{
    if (json.is_boolean())
        return xmlrpc::Value(json.get<bool>());
    if (json.is_number_integer())
        return xmlrpc::Value(json.get<std::int64_t>());
    if (json.is_number())
        return xmlrpc::Value(json.get<double>());
    if (json.is_array()) {
        xmlrpc::Array items;
        for (const auto& item : json)
            items.push_back(from_json(item));
        return xmlrpc::Value(std::move(items));
    }
    if (json.is_object()) {
        xmlrpc::Struct members;
        for (const auto& [name, member] : json.items())
            members.emplace(name, from_json(member));
        return xmlrpc::Value(std::move(members));
    }
    return xmlrpc::Value(json.is_string() ? json.get<std::string>() : std::string());
}

xmlrpc::Value parse(const std::string& arg)
{
    if (arg.starts_with("s:"))
        return xmlrpc::Value(arg.substr(2));
    if (arg == "true" || arg == "false")
        return xmlrpc::Value(arg == "true");
    if (arg.starts_with("f:") || arg.starts_with('{') || arg.starts_with('[')) {
        try {
            const auto json = nlohmann::json::parse(arg.starts_with("f:") ? arg.substr(2) : arg);
            return arg.starts_with("f:") ? xmlrpc::Value(json.get<double>()) : from_json(json);
        } catch (const nlohmann::json::exception&) {
            throw Error(Errc::usage, fmt::format("{}: not a number or not JSON", text::quoted(arg)),
                        "put s: in front of what is only text");
        }
    }
    return xmlrpc::Value(arg);
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    if (o.method.starts_with("session."))
        throw Error(Errc::usage, "sessions are xvm's own business",
                    "xvm ctx logout ends the one that is kept");
    lab::Pools pools = open_pools(globals, context);
    xapi::Session& session = pools.single().session();
    std::string class_name = o.method.starts_with("Async.") ? o.method.substr(6) : o.method;
    class_name.resize(std::min(class_name.find('.'), class_name.size()));
    xapi::Session::Params params;
    for (const std::string& arg : o.args) {
        xmlrpc::Value value = parse(arg);
        if (params.empty() && lab::is_uuid(arg) && !o.method.ends_with(".get_by_uuid"))
            value = session.call(class_name + ".get_by_uuid", {xmlrpc::Value(arg)});
        params.push_back(std::move(value));
    }
    try {
        const xmlrpc::Value result = o.method.starts_with("system.")
                                         ? session.call_without_session(o.method, params)
                                         : session.call(o.method, params);
        const auto scalar = result.as_scalar();
        if (scalar && !result.if_bool() && context.shared.format == cli::Format::tsv)
            context.out().write(text::printable(*scalar) + "\n");
        else if (context.shared.format == cli::Format::tsv)
            context.out().write(
                to_json(result).dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
        else
            context.write_json({{"schema", "xvm.api/1"}, {"result", to_json(result)}});
        return 0;
    } catch (const xapi::Fault& fault) {
        throw session.explained(fault);
    }
}

} // namespace

Verb api_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "api",
         .summary = "make any call of XAPI",
         .schema = "xvm.api/1",
         .formats = {cli::Format::tsv, cli::Format::json, cli::Format::jsonl},
         .output_option = true,
         .examples = {{"xvm api pool.get_all_records | jq -r '.[].name_label'", "Records are JSON"},
                      {"xvm api VM.get_by_name_label web1", "Parameters are words"}},
         .completes = {"CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm
