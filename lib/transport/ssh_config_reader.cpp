// SPDX-License-Identifier: GPL-3.0-or-later
#include "ssh_config_reader.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/io/process.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <fnmatch.h>
#include <fstream>
#include <glob.h>
#include <optional>
#include <utility>

namespace xenlab::transport {
namespace {

constexpr unsigned most_nested = 16; // as ssh(1)
constexpr std::size_t longest_line = 64U << 10U;

/// The status of /bin/sh -c COMMAND with nothing on its standard input; output is not shown.
int shell_status(const std::string& command)
{
    using io::ProcessOptions;
    return io::wait_for_process(
        io::start_shell(command, {.in = ProcessOptions::nothing, .out = ProcessOptions::nothing}));
}

std::vector<std::string> matching_files(const std::string& pattern)
{
    std::vector<std::string> files;
    glob_t found{};
    if (::glob(pattern.c_str(), 0, nullptr, &found) == 0)
        files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    ::globfree(&found);
    return files;
}

class Reader {
  public:
    Reader(ConfigSubject& subject, const OnKeyword& on_keyword)
        : subject_(subject), on_keyword_(on_keyword)
    {
    }

    bool file(const std::string& path, unsigned depth)
    {
        std::ifstream stream(path);
        if (!stream)
            return false;
        const bool outer = std::exchange(active_, true); // only an active block includes
        ConfigPlace place{.file = path, .line = 0};
        for (std::string text; std::getline(stream, text);) {
            ++place.line;
            if (text.size() > longest_line)
                bad_config(place, "the line is too long");
            line(text, place, depth);
        }
        active_ = outer;
        return true;
    }

  private:
    void line(std::string_view text, const ConfigPlace& place, unsigned depth)
    {
        std::vector<std::string> words = config_words(text, place);
        if (words.empty())
            return;
        const std::string keyword = text::to_lower(words.front());
        words.erase(words.begin());
        if (words.empty())
            bad_config(place, fmt::format("{} has no value", text::quoted(keyword)));
        if (keyword == "host")
            active_ = matches_patterns(subject_.original_host, words);
        else if (keyword == "match")
            active_ = match(words, place);
        else if (active_ && keyword == "include")
            include(words, place, depth);
        else if (active_)
            on_keyword_(keyword, words, place);
    }

    /// All the criteria of the line hold.
    bool match(const std::vector<std::string>& words, const ConfigPlace& place)
    {
        bool all = true;
        for (std::size_t i = 0; i < words.size(); ++i) {
            std::string name = text::to_lower(words[i]);
            const bool negated = name.starts_with('!');
            if (negated)
                name.erase(0, 1);
            std::optional<bool> holds = plain_criterion(name);
            if (!holds) {
                if (++i == words.size())
                    bad_config(place, fmt::format("{} has no value", text::quoted(name)));
                holds = criterion(name, words[i], all, place);
            }
            all = all && *holds != negated;
        }
        return all;
    }

    std::optional<bool> plain_criterion(std::string_view name)
    {
        if (name == "all")
            return true;
        if (name == "final" || name == "canonical") { // names are never made canonical here
            subject_.wants_final_pass = subject_.wants_final_pass || name == "final";
            return name == "final" && subject_.final_pass;
        }
        return std::nullopt;
    }

    bool criterion(std::string_view name, const std::string& value, bool needed,
                   const ConfigPlace& place)
    {
        if (name == "host")
            return matches_patterns(subject_.host(), {value});
        if (name == "originalhost")
            return matches_patterns(subject_.original_host, {value});
        if (name == "user")
            return matches_patterns(subject_.user(), {value});
        if (name == "localuser")
            return matches_patterns(subject_.local_user, {value});
        if (name == "exec") // not run when the answer no longer matters, as ssh(1) does
            return needed && shell_status(subject_.expand(value, place)) == 0;
        bad_config(place, fmt::format("Match {} is not known", text::quoted(name)));
    }

    void include(const std::vector<std::string>& words, const ConfigPlace& place, unsigned depth)
    {
        if (depth == most_nested)
            bad_config(place, "too many files include each other");
        for (std::string path : words) {
            if (path.starts_with("~/"))
                path.replace(0, 1, subject_.home);
            else if (!path.starts_with('/'))
                path =
                    (place.file.starts_with("/etc/ssh/") ? "/etc/ssh" : subject_.home + "/.ssh") +
                    "/" + path;
            for (const std::string& found : matching_files(path))
                file(found, depth + 1);
        }
    }

    ConfigSubject& subject_;
    const OnKeyword& on_keyword_;
    bool active_ = true;
};

} // namespace

void bad_config(const ConfigPlace& place, std::string_view words)
{
    throw Error(Errc::usage,
                fmt::format("{}:{}: {}", text::printable(place.file), place.line, words));
}

std::vector<std::string> config_words(std::string_view line, const ConfigPlace& place)
{
    static constexpr std::string_view blanks = " \t\r\f\v";
    std::vector<std::string> words;
    std::size_t at = 0;
    const auto skip = [&](std::string_view characters) {
        at = std::min(line.find_first_not_of(characters, at), line.size());
    };
    for (skip(blanks); at < line.size(); skip(blanks)) {
        if (words.size() == 1 && line[at] == '=') { // "Port=22", "Port = 22"
            ++at;
            skip(blanks);
            if (at == line.size())
                break;
        }
        if (line[at] == '#')
            break;
        std::string word;
        bool quoted = false;
        for (; at < line.size(); ++at) {
            const char c = line[at];
            if (c == '\\' && at + 1 < line.size() &&
                (line[at + 1] == '"' || line[at + 1] == '\\' || line[at + 1] == '\''))
                word += line[++at];
            else if (c == '"')
                quoted = !quoted;
            else if (!quoted &&
                     (blanks.find(c) != std::string_view::npos || (words.empty() && c == '=')))
                break;
            else
                word += c;
        }
        if (quoted)
            bad_config(place, "a quote is not closed");
        words.push_back(std::move(word));
    }
    return words;
}

bool matches_patterns(std::string_view text, const std::vector<std::string>& patterns)
{
    const std::string subject(text);
    bool any = false;
    for (const std::string& list : patterns)
        for (const std::string_view one : text::split(list, ',')) {
            const bool negated = one.starts_with('!');
            const std::string pattern(negated ? one.substr(1) : one);
            // ssh patterns know * and ? only, and no escapes; brackets are those of addresses.
            std::string escaped;
            for (const char c : pattern)
                escaped +=
                    c == '[' || c == ']' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
            if (::fnmatch(escaped.c_str(), subject.c_str(), FNM_CASEFOLD) != 0)
                continue;
            if (negated)
                return false;
            any = true;
        }
    return any;
}

bool read_config_file(const std::string& path, ConfigSubject& subject, const OnKeyword& on_keyword)
{
    return Reader(subject, on_keyword).file(path, 0);
}

} // namespace xenlab::transport
