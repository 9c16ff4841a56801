// SPDX-License-Identifier: GPL-3.0-or-later
#include "model.hpp"

#include <xenlab/base/text.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace xenlab::cli {

ToolModel model_of(const CLI::App& app)
{
    ToolModel model;
    for (const CLI::Option* option : app.get_options()) {
        if (option->get_group().empty())
            continue; // hidden
        if (option->nonpositional()) {
            OptionModel out;
            out.shorts = option->get_snames();
            out.longs = option->get_lnames();
            if (option->get_items_expected_max() > 0)
                out.value = option->get_type_name();
            out.description = option->get_description();
            out.group = option->get_group();
            model.options.push_back(std::move(out));
        } else {
            model.positionals.push_back({.name = option->get_name(true),
                                         .description = option->get_description(),
                                         .required = option->get_required(),
                                         .many = option->get_items_expected_max() > 1});
        }
    }
    return model;
}

std::vector<std::string> spellings(const OptionModel& option)
{
    std::vector<std::string> all;
    for (const std::string& name : option.shorts)
        all.push_back("-" + name);
    for (const std::string& name : option.longs)
        all.push_back("--" + name);
    return all;
}

std::vector<std::string> choices(const OptionModel& option)
{
    std::vector<std::string> all;
    if (option.value.find('|') == std::string::npos)
        return all;
    for (const std::string_view part : text::split(option.value, '|'))
        all.emplace_back(part);
    return all;
}

std::string usage_line(const ToolInfo& info, const ToolModel& model)
{
    if (!model.verbs.empty())
        return fmt::format("{} [OPTIONS] VERB ...", info.name);
    std::string line = fmt::format("{} [OPTIONS]", info.name);
    for (const PositionalModel& p : model.positionals) {
        const std::string name = p.name + (p.many ? "..." : "");
        line += p.required ? " " + name : " [" + name + "]";
    }
    return line;
}

} // namespace xenlab::cli
