// SPDX-License-Identifier: GPL-3.0-or-later
#include "complete.hpp"

#include "frame.hpp"

#include <xenlab/base/text.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace xenlab::cli {
namespace {

bool names_a_file(std::string_view value)
{
    static constexpr std::array names{"DIR", "PATH", "SRC", "DISKSRC", "LOCAL", "SOCKET"};
    return value.ends_with("FILE") || std::find(names.begin(), names.end(), value) != names.end();
}

/// Where the cursor is: at a value, or at a word that may be an option.
struct Cursor {
    const OptionModel* option = nullptr; ///< whose value is typed
    std::size_t positionals = 0;         ///< how many stand in front of it
    bool options_ended = false;          ///< by "--"
    std::vector<std::string> complete;   ///< the words in front of it that form whole options
};

const OptionModel* find_option(const ToolModel& model, std::string_view word)
{
    for (const OptionModel& option : model.options)
        for (const std::string& spelling : spellings(option))
            if (spelling == word)
                return &option;
    return nullptr;
}

Cursor place(const ToolModel& model, std::span<const std::string> before)
{
    Cursor at;
    for (const std::string& word : before) {
        if (at.option != nullptr) {
            at.option = nullptr; // this was its value
        } else if (!at.options_ended && word == "--") {
            at.options_ended = true;
        } else if (!at.options_ended && word.size() > 1 && word.front() == '-') {
            const OptionModel* option = find_option(model, word);
            if (option != nullptr && !option->value.empty())
                at.option = option;
        } else {
            ++at.positionals;
        }
        at.complete.push_back(word);
    }
    if (at.option != nullptr)
        at.complete.pop_back(); // its value is what is being typed
    return at;
}

/// Lists take further values after a comma.
std::vector<Candidate> list_candidates(const std::vector<std::string_view>& words,
                                       std::string_view prefix)
{
    const auto comma = prefix.rfind(',');
    const std::string chosen(comma == std::string_view::npos ? "" : prefix.substr(0, comma + 1));
    std::vector<Candidate> out;
    for (const std::string_view word : words)
        out.push_back({chosen + std::string(word)});
    return out;
}

struct Query {
    CLI::App& app;
    const ToolInfo& info;
    const Completer& complete;
    const Cursor& at;
};

std::vector<Candidate> asked(const Query& query, std::string_view value, std::string_view prefix)
{
    const auto& kinds = query.info.completes;
    if (!query.complete || std::find(kinds.begin(), kinds.end(), value) == kinds.end())
        return {};
    try {
        query.app.allow_extras();
        parse(query.app, query.at.complete);
    } catch (const CLI::Error&) {
        // What is still missing does not matter here; options typed so far were taken.
    }
    try {
        return query.complete({value, prefix, query.at.complete});
    } catch (const std::exception&) {
        return {};
    }
}

std::vector<Candidate> value_candidates(const Query& query, const OptionModel& option,
                                        std::string_view prefix)
{
    if (const auto fixed = choices(option); !fixed.empty()) {
        std::vector<Candidate> out;
        for (const std::string& word : fixed)
            out.push_back({word});
        return out;
    }
    if (!option.longs.empty() && option.longs.front() == "fields")
        return list_candidates(query.info.columns, prefix);
    return asked(query, option.value, prefix);
}

std::vector<Candidate> option_candidates(const ToolModel& model)
{
    std::vector<Candidate> out;
    for (const OptionModel& option : model.options)
        for (const std::string& spelling : spellings(option))
            if (spelling.starts_with("--"))
                out.push_back({spelling, option.description});
    return out;
}

std::string positional_name(const ToolModel& model, std::size_t index)
{
    if (model.positionals.empty())
        return {};
    if (index < model.positionals.size())
        return model.positionals[index].name;
    return model.positionals.back().many ? model.positionals.back().name : std::string();
}

/// --option=VALUE as one word.
std::string joined_answer(const Query& query, const OptionModel& option, std::string_view word)
{
    const auto equals = word.find('=');
    std::vector<Candidate> out = value_candidates(query, option, word.substr(equals + 1));
    for (Candidate& candidate : out)
        candidate.word.insert(0, word.substr(0, equals + 1));
    return completion_answer(word, out, names_a_file(option.value));
}

bool is_plain(std::string_view word)
{
    return std::none_of(word.begin(), word.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

} // namespace

std::string completion_answer(std::string_view prefix, const std::vector<Candidate>& candidates,
                              bool files)
{
    std::string out = files ? "files\n" : "words\n";
    for (const Candidate& candidate : candidates)
        // A name with control characters cannot be typed and must not reach a terminal.
        if (candidate.word.starts_with(prefix) && is_plain(candidate.word))
            out += fmt::format("{}\t{}\n", candidate.word, text::printable(candidate.description));
    return out;
}

std::string completions(CLI::App& app, const ToolInfo& info, const ToolModel& model,
                        std::span<const std::string> words, const Completer& complete)
{
    const std::string current = words.empty() ? "" : words.back();
    const Cursor at = place(model, words.first(words.empty() ? 0 : words.size() - 1));
    const Query query{app, info, complete, at};
    if (at.option != nullptr)
        return completion_answer(current, value_candidates(query, *at.option, current),
                                 names_a_file(at.option->value));
    if (!at.options_ended && current.starts_with('-') && current != "-") {
        const OptionModel* option = find_option(model, current.substr(0, current.find('=')));
        if (option != nullptr && current.find('=') != std::string::npos)
            return joined_answer(query, *option, current);
        return completion_answer(current, option_candidates(model), false);
    }
    const std::string name = positional_name(model, at.positionals);
    return completion_answer(current, asked(query, name, current), names_a_file(name));
}

} // namespace xenlab::cli
