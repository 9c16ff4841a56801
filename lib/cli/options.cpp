// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/text.hpp>
#include <xenlab/cli/options.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace xenlab::cli {

CLI::Option* add_choice(CLI::App& app, const std::string& names, std::string& value,
                        const std::vector<std::string>& choices, const std::string& description)
{
    CLI::Option* option = app.add_option(names, value, description);
    option->check([choices](const std::string& text) {
        if (std::find(choices.begin(), choices.end(), text) != choices.end())
            return std::string();
        const auto near = text::nearest(text, choices);
        return fmt::format("{} is not one of {}{}", text::quoted(text), fmt::join(choices, ", "),
                           near ? fmt::format("; did you mean {}?", *near) : "");
    });
    option->type_name(fmt::format("{}", fmt::join(choices, "|")));
    return option;
}

CLI::Option* add_size(CLI::App& app, const std::string& names, std::uint64_t& bytes,
                      const std::string& description)
{
    return app
        .add_option_function<std::string>(
            names,
            [&bytes](const std::string& text) {
                const auto value = text::parse_size(text);
                if (!value)
                    throw CLI::ValidationError(
                        fmt::format("{} is not a size such as 64M or 1G", text::quoted(text)));
                bytes = *value;
            },
            description)
        ->type_name("SIZE");
}

CLI::Option* add_duration(CLI::App& app, const std::string& names, std::chrono::milliseconds& value,
                          const std::string& description)
{
    return app
        .add_option_function<std::string>(
            names,
            [&value](const std::string& text) {
                const auto parsed = text::parse_duration(text);
                if (!parsed)
                    throw CLI::ValidationError(fmt::format(
                        "{} is not a duration such as 500ms, 30s or 5m", text::quoted(text)));
                value = *parsed;
            },
            description)
        ->type_name("DURATION");
}

} // namespace xenlab::cli
