// SPDX-License-Identifier: GPL-3.0-or-later
#include "frame.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/cli/options.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace xenlab::cli {

Option Option::required() const
{
    option_->required();
    return *this;
}

Option Option::type_name(const std::string& name) const
{
    option_->type_name(name);
    return *this;
}

Option Option::group(const std::string& name) const
{
    option_->group(name);
    return *this;
}

Option Option::excludes(const Option& other) const
{
    option_->excludes(other.option_);
    return *this;
}

Option Option::needs(const Option& other) const
{
    option_->needs(other.option_);
    return *this;
}

Option Option::check(std::function<std::string(const std::string&)> test) const
{
    option_->check(std::move(test));
    return *this;
}

Option Option::range(double low, double high) const
{
    // Not CLI::Range, whose description would be shown as a part of the value's name.
    option_->check([low, high](const std::string& text) {
        double value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error == std::errc() && end == text.data() + text.size() && value >= low &&
            value <= high)
            return std::string();
        return fmt::format("{} is not a number from {} to {}", text::quoted(text), low, high);
    });
    return *this;
}

Option Option::expected(int least, int most) const
{
    option_->expected(least, most < 0 ? CLI::detail::expected_max_vector_size : most);
    return *this;
}

Option Option::one_at_a_time() const
{
    option_->expected(1)->allow_extra_args(false)->multi_option_policy(
        CLI::MultiOptionPolicy::TakeAll);
    return *this;
}

namespace {

using Text = OptionSet::Text;

std::string as_typed(std::string word)
{
    if (word.starts_with(no_list))
        word.erase(0, no_list.size());
    return word;
}

template <typename Value>
Option add(CLI::App& app, Text names, Value& value, Text description)
{
    CLI::Option* option = app.add_option(names, value, description);
    option->transform(as_typed, "", "");
    return Option(option);
}

} // namespace

Option OptionSet::add_option(Text names, std::string& value, Text description)
{
    return add(app_, names, value, description);
}

Option OptionSet::add_option(Text names, std::optional<std::string>& value, Text description)
{
    return add(app_, names, value, description);
}

Option OptionSet::add_option(Text names, std::vector<std::string>& value, Text description)
{
    return add(app_, names, value, description);
}

Option OptionSet::add_option(Text names, int& value, Text description)
{
    return add(app_, names, value, description);
}

Option OptionSet::add_option(Text names, unsigned& value, Text description)
{
    return add(app_, names, value, description);
}

Option OptionSet::add_option(Text names, std::uint16_t& value, Text description)
{
    return add(app_, names, value, description);
}

Option OptionSet::add_option(Text names, std::uint64_t& value, Text description)
{
    return add(app_, names, value, description);
}

Option OptionSet::add_option(Text names, std::int64_t& value, Text description)
{
    return add(app_, names, value, description);
}

Option OptionSet::add_option(Text names, double& value, Text description)
{
    return add(app_, names, value, description);
}

Option OptionSet::add_option(Text names, std::optional<int>& value, Text description)
{
    return add(app_, names, value, description);
}

Option OptionSet::add_option(Text names, std::optional<unsigned>& value, Text description)
{
    return add(app_, names, value, description);
}

Option OptionSet::add_option(Text names, std::optional<std::uint16_t>& value, Text description)
{
    return add(app_, names, value, description);
}

Option OptionSet::add_option(Text names, std::optional<std::uint64_t>& value, Text description)
{
    return add(app_, names, value, description);
}

Option OptionSet::add_option(Text names, std::vector<unsigned>& value, Text description)
{
    return add(app_, names, value, description);
}

Option OptionSet::add_parsed(Text names, std::function<void(const std::string&)> take,
                             Text description)
{
    return Option(app_.add_option_function<std::vector<std::string>>(
                      names,
                      [take = std::move(take)](const std::vector<std::string>& values) {
                          for (const std::string& value : values)
                              try {
                                  take(as_typed(value));
                              } catch (const Error& error) {
                                  throw CLI::ValidationError(error.what());
                              }
                      },
                      description))
        .one_at_a_time();
}

Option OptionSet::add_flag(Text names, bool& value, Text description)
{
    return Option(app_.add_flag(names, value, description));
}

Option OptionSet::add_flag(Text names, int& value, Text description)
{
    return Option(app_.add_flag(names, value, description));
}

Option OptionSet::add_choice(Text names, std::string& value,
                             const std::vector<std::string>& choices, Text description)
{
    return add_option(names, value, description)
        .check([choices](const std::string& text) {
            if (std::find(choices.begin(), choices.end(), text) != choices.end())
                return std::string();
            const auto near = text::nearest(text, choices);
            return fmt::format("{} is not one of {}{}", text::quoted(text),
                               fmt::join(choices, ", "),
                               near ? fmt::format("; did you mean {}?", *near) : "");
        })
        .type_name(fmt::format("{}", fmt::join(choices, "|")));
}

namespace {

template <typename Value>
Option add_size_to(OptionSet& options, Text names, Value& bytes, Text description)
{
    return options
        .add_parsed(
            names,
            [&bytes](const std::string& text) {
                const auto value = text::parse_size(text);
                if (!value)
                    throw Error(Errc::usage, fmt::format("{} is not a size such as 64M or 1G",
                                                         text::quoted(text)));
                bytes = *value;
            },
            description)
        .type_name("SIZE");
}

template <typename Value>
Option add_duration_to(OptionSet& options, Text names, Value& value, Text description)
{
    return options
        .add_parsed(
            names,
            [&value](const std::string& text) {
                const auto parsed = text::parse_duration(text);
                if (!parsed)
                    throw Error(Errc::usage,
                                fmt::format("{} is not a duration such as 500ms, 30s or 5m",
                                            text::quoted(text)));
                value = *parsed;
            },
            description)
        .type_name("DURATION");
}

} // namespace

Option OptionSet::add_size(Text names, std::uint64_t& bytes, Text description)
{
    return add_size_to(*this, names, bytes, description);
}

Option OptionSet::add_size(Text names, std::optional<std::uint64_t>& bytes, Text description)
{
    return add_size_to(*this, names, bytes, description);
}

Option OptionSet::add_duration(Text names, std::chrono::milliseconds& value, Text description)
{
    return add_duration_to(*this, names, value, description);
}

Option OptionSet::add_duration(Text names, std::optional<std::chrono::milliseconds>& value,
                               Text description)
{
    return add_duration_to(*this, names, value, description);
}

void OptionSet::stop_at_first_argument()
{
    app_.positionals_at_end(false);
    app_.prefix_command();
}

} // namespace xenlab::cli
