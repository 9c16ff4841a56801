// SPDX-License-Identifier: GPL-3.0-or-later
#include "bcd.hpp"
#include "hives.hpp"
#include "verbs.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/cli/progress.hpp>
#include <xenlab/cli/table.hpp>
#include <xenlab/registry/reg_text.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace xva_reg {

using namespace xenlab;
using nlohmann::ordered_json;

namespace {

constexpr unsigned max_depth = 512; // Windows' own limit of levels

ordered_json data_json(const registry::Value& value)
{
    const std::string shown = registry::shown_data(value);
    if (value.type == registry::type::multi_sz) {
        ordered_json list = ordered_json::array();
        if (!shown.empty())
            for (const std::string_view part : text::split(shown, '|'))
                list.push_back(std::string(part));
        return list;
    }
    if (value.type == registry::type::dword || value.type == registry::type::qword)
        if (const auto number = text::parse_u64(shown))
            return *number;
    return shown;
}

void print_values(const std::vector<registry::Value>& values, bool single, cli::Context& context)
{
    const auto format = context.shared.format;
    if (format == cli::Format::json || format == cli::Format::jsonl) {
        ordered_json items = ordered_json::array();
        for (const registry::Value& value : values) {
            ordered_json item{{"name", value.name},
                              {"type", registry::name_of_type(value.type)},
                              {"data", data_json(value)}};
            if (format == cli::Format::jsonl)
                context.write_json(item);
            else
                items.push_back(std::move(item));
        }
        if (format == cli::Format::json)
            context.write_json({{"schema", "xva-reg/1"}, {"items", std::move(items)}});
        return;
    }
    if (single && context.shared.fields.empty() && values.size() == 1) {
        context.out().write(text::printable(registry::shown_data(values.front())) + "\n");
        return;
    }
    cli::Table table(context, {{"name"}, {"type"}, {"data"}});
    for (const registry::Value& value : values)
        table.row({value.name.empty() ? "@" : value.name, registry::name_of_type(value.type),
                   registry::shown_data(value)});
    table.finish();
}

Error no_key(const std::string& key)
{
    return {Errc::not_found, fmt::format("there is no key {}", text::quoted(key, 400))};
}

void get(const registry::Hive& hive, const std::string& path, bool bcd, cli::Context& context)
{
    const auto key = hive.find(hive.root(), path);
    if (key && bcd && bcd::is_element(path)) {
        if (const auto element = hive.value(*key, "Element"))
            return print_values({*element}, true, context);
    }
    if (key)
        return print_values(hive.values(*key), false, context);
    const std::size_t slash = path.rfind('\\');
    const auto parent = hive.find(hive.root(), slash == std::string::npos ? std::string_view()
                                                                          : path.substr(0, slash));
    std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (name == "@")
        name.clear();
    const auto value = parent ? hive.value(*parent, name) : std::nullopt;
    if (!value)
        throw Error(Errc::not_found,
                    fmt::format("there is no key or value {}", text::quoted(path, 400)));
    print_values({*value}, true, context);
}

void print_keys(const registry::Hive& hive, registry::Key key, cli::Context& context)
{
    const bool json = context.shared.format == cli::Format::json;
    std::vector<std::string> names;
    for (const registry::Key child : hive.children(key))
        names.push_back(hive.name(child));
    if (json || context.shared.format == cli::Format::jsonl) {
        ordered_json items = ordered_json::array();
        for (const std::string& name : names) {
            if (json)
                items.push_back({{"key", name}});
            else
                context.write_json({{"key", name}});
        }
        if (json)
            context.write_json({{"schema", "xva-reg.keys/1"}, {"items", std::move(items)}});
        return;
    }
    for (const std::string& name : names)
        context.out().write(text::printable(name) + "\n");
}

void export_key(const registry::Hive& hive, registry::Key key, const std::string& path,
                unsigned depth, const cli::Context& context,
                const std::function<void(const std::string&)>& write)
{
    if (context.stop.stop_requested())
        throw Error(Errc::interrupted, "interrupted");
    if (depth > max_depth)
        throw Error(Errc::bad_data, "the keys of the hive lie inside each other without end");
    write(registry::format_key(path, hive.values(key)));
    for (const registry::Key child : hive.children(key))
        export_key(hive, child, path + "\\" + hive.name(child), depth + 1, context, write);
}

} // namespace

int read_registry(const Options& options, cli::Context& context)
{
    if (options.words.size() != 1)
        throw Error(Errc::usage, fmt::format("{} takes one KEY", options.verb));
    const KeyName name = parse_key(options.words.front(), options.hive);
    cli::Progress progress(context, "spooling");
    guest::Session session(guest::session_options(options.source, context, progress));
    progress.done();
    const LoadedHive loaded = load_hive(session.guest(), name.hive, context, false, false);
    const registry::Hive hive(loaded.bytes, registry::Hive::Access::read);
    const std::string path = resolve(hive, loaded, name.path);
    if (options.verb == "get") {
        get(hive, path, loaded.bcd, context);
    } else {
        const auto key = hive.find(hive.root(), path);
        if (!key)
            throw no_key(path);
        if (options.verb == "keys") {
            print_keys(hive, *key, context);
        } else {
            io::ByteSink& out = context.out();
            const auto write = [&](const std::string& text) {
                if (options.utf16)
                    out.write(registry::to_utf16_with_mark(text).substr(2));
                else
                    out.write(text);
            };
            if (options.utf16)
                out.write(std::string_view("\xff\xfe"));
            write(registry::reg_header());
            export_key(hive, *key, path.empty() ? loaded.prefix : loaded.prefix + "\\" + path, 0,
                       context, write);
        }
    }
    context.out().flush();
    return session.damaged() ? exit_code(Errc::bad_data) : 0;
}

} // namespace xva_reg
