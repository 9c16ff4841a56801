// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/drbl/profiles.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace xenlab::drbl {
namespace {

bool is_bare(std::string_view key) noexcept
{
    return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    });
}

/// Only a comment may follow.
bool is_end(std::string_view rest)
{
    rest = text::trim(rest);
    return rest.empty() || rest.front() == '#';
}

/// A basic or a literal string from the front of `rest`.
std::optional<std::string> take_string(std::string_view& rest)
{
    const char quote = rest.front();
    std::string value;
    for (std::size_t i = 1; i < rest.size(); ++i) {
        char c = rest[i];
        if (c == quote) {
            rest.remove_prefix(i + 1);
            return value;
        }
        if (c == '\\' && quote == '"') {
            if (++i == rest.size() || (rest[i] != '"' && rest[i] != '\\'))
                return std::nullopt;
            c = rest[i];
        }
        value += c;
    }
    return std::nullopt;
}

std::optional<std::string> value_of(std::string_view rest)
{
    if (rest.empty())
        return std::nullopt;
    if (rest.front() == '"' || rest.front() == '\'') {
        auto value = take_string(rest);
        return is_end(rest) ? value : std::nullopt;
    }
    const std::string_view word = text::trim(rest.substr(0, rest.find('#')));
    if (word == "true" || word == "false" || text::parse_u64(word))
        return std::string(word);
    return std::nullopt;
}

class Parser {
  public:
    explicit Parser(std::string_view file) : file_(file) {}

    void line(std::string_view line)
    {
        ++number_;
        line = text::trim(line);
        if (is_end(line))
            return;
        if (line.front() == '[')
            table(line);
        else
            key(line);
    }

    Profiles take() { return std::move(profiles_); }

  private:
    [[noreturn]] void refuse(const std::string& words) const
    {
        throw Error(Errc::usage,
                    fmt::format("{}: line {}: {}", text::printable(file_), number_, words));
    }

    void table(std::string_view line)
    {
        const std::size_t close = line.find(']');
        constexpr std::string_view front = "[profile.";
        if (close == std::string_view::npos || !is_end(line.substr(close + 1)) ||
            !line.starts_with(front) || close < front.size() ||
            !is_bare(line.substr(front.size(), close - front.size())))
            refuse(fmt::format("not a [profile.NAME]: {}", text::quoted(line)));
        const std::string name(line.substr(front.size(), close - front.size()));
        const auto [it, is_new] = profiles_.named.try_emplace(name);
        if (!is_new)
            refuse(fmt::format("a second profile {}", name));
        current_ = &it->second; // of a map: it stays where it is
    }

    void key(std::string_view line)
    {
        const std::size_t equals = line.find('=');
        const std::string_view name = text::trim(line.substr(0, equals));
        if (equals == std::string_view::npos || !is_bare(name))
            refuse(fmt::format("not KEY = VALUE: {}", text::quoted(line)));
        const auto value = value_of(text::trim(line.substr(equals + 1)));
        if (!value)
            refuse(fmt::format("the value of {} is no string, whole number, true or false", name));
        if (current_ != nullptr)
            current_->emplace_back(name, *value);
        else if (name == "server")
            profiles_.server = *value;
        else
            refuse(fmt::format("unknown key {}", name));
    }

    std::string file_;
    Profiles profiles_;
    Settings* current_ = nullptr;
    std::size_t number_ = 0;
};

} // namespace

const Settings& Profiles::find(const std::string& name) const
{
    const auto it = named.find(name);
    if (it != named.end())
        return it->second;
    std::vector<std::string> names;
    for (const auto& [known, settings] : named)
        names.push_back(known);
    const auto near = text::nearest(name, names);
    throw Error(Errc::not_found, fmt::format("no profile {}", text::quoted(name)),
                near ? fmt::format("did you mean {}?", *near)
                     : "profiles are the [profile.NAME] tables of the config file");
}

Profiles parse_profiles(std::string_view text, std::string_view file)
{
    Parser parser(file);
    for (const std::string_view line : text::split(text, '\n'))
        parser.line(line);
    return parser.take();
}

} // namespace xenlab::drbl
