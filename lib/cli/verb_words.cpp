// SPDX-License-Identifier: GPL-3.0-or-later
#include "verb_words.hpp"

#include <xenlab/base/text.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace xenlab::cli {

std::unique_ptr<CLI::App> new_app(std::string_view name)
{
    auto app = std::make_unique<CLI::App>("", std::string(name));
    app->set_help_flag(); // ours prints examples, too
    app->option_defaults()->group("Options");
    return app;
}

void declare_on(CLI::App& app, const Declare& declare)
{
    OptionSet set(app);
    declare(set);
}

namespace {

bool offers(const AnyVerb& verb, Format format)
{
    const auto& all = verb.info.formats;
    return std::find(all.begin(), all.end(), format) != all.end();
}

} // namespace

VerbTool::VerbTool(const ToolInfo& info, const Declare& globals, const std::vector<AnyVerb>& verbs)
    : info_(info), declare_globals_(globals), verbs_(verbs)
{
    static constexpr std::array every{Format::table, Format::tsv, Format::json, Format::jsonl,
                                      Format::ids};
    info_.formats.clear();
    for (const Format format : every)
        if (std::any_of(verbs.begin(), verbs.end(),
                        [&](const AnyVerb& verb) { return offers(verb, format); }))
            info_.formats.push_back(format);
    const auto app = new_app(info_.name);
    SharedChoice choice;
    declare_on(*app, declare_globals_);
    declare_common(*app, info_, choice);
    global_ = model_of(*app);
}

ToolModel VerbTool::whole_model() const
{
    ToolModel whole = global_;
    for (const AnyVerb& verb : verbs_) {
        const auto app = new_app(verb.info.name);
        SharedChoice choice;
        declare_on(*app, verb.declare);
        declare_streams(*app, verb.info, choice);
        whole.verbs.push_back({verb.info, model_of(*app)});
    }
    return whole;
}

bool takes_value(const ToolModel& model, std::string_view word)
{
    for (const OptionModel& option : model.options)
        for (const std::string& spelling : spellings(option))
            if (spelling == word)
                return !option.value.empty();
    return false;
}

namespace {

const AnyVerb* find_verb(const std::vector<AnyVerb>& verbs, std::string_view name)
{
    for (const AnyVerb& verb : verbs)
        if (verb.info.name == name)
            return &verb;
    return nullptr;
}

bool is_group(const std::vector<AnyVerb>& verbs, const std::string& word)
{
    return std::any_of(verbs.begin(), verbs.end(),
                       [&](const AnyVerb& verb) { return verb.info.name.starts_with(word + " "); });
}

} // namespace

bool Called::decided(const VerbTool& tool) const
{
    return verb != nullptr && (typed.size() > 1 || !is_group(tool.verbs(), typed.front()));
}

Called take_apart(const VerbTool& tool, std::span<const std::string> words)
{
    Called called;
    std::size_t i = 0;
    for (; i < words.size() && words[i].starts_with('-') && words[i] != "--"; ++i) {
        called.rest.push_back(words[i]);
        if (takes_value(tool.global(), words[i]) && i + 1 < words.size())
            called.rest.push_back(words[++i]);
    }
    called.in_front = called.rest.size();
    if (i < words.size()) {
        called.typed.push_back(words[i++]);
        if (is_group(tool.verbs(), called.typed.front()) && i < words.size())
            if (const auto* verb = find_verb(tool.verbs(), called.typed.front() + " " + words[i])) {
                called.verb = verb;
                called.typed.push_back(words[i++]);
            }
        if (called.verb == nullptr)
            called.verb = find_verb(tool.verbs(), called.typed.front());
    }
    called.rest.insert(called.rest.end(), words.begin() + static_cast<std::ptrdiff_t>(i),
                       words.end());
    return called;
}

std::vector<Candidate> next_words(const VerbTool& tool, const Called& called)
{
    const std::string group = called.typed.empty() ? "" : called.typed.front();
    if (!group.empty() && !is_group(tool.verbs(), group))
        return {};
    std::vector<Candidate> out;
    std::set<std::string> seen;
    for (const AnyVerb& verb : tool.verbs()) {
        std::string_view name = verb.info.name;
        if (!group.empty()) {
            if (!name.starts_with(group + " "))
                continue;
            name.remove_prefix(group.size() + 1);
        }
        const std::string word(name.substr(0, name.find(' ')));
        const bool alone = word.size() == name.size();
        if (seen.insert(word).second)
            out.push_back({word, alone ? std::string(verb.info.summary) : "..."});
    }
    return out;
}

namespace {

std::vector<std::string> plain_words(const std::vector<Candidate>& candidates)
{
    std::vector<std::string> out;
    for (const Candidate& candidate : candidates)
        out.push_back(candidate.word);
    return out;
}

} // namespace

Error no_such_verb(const VerbTool& tool, const Called& called)
{
    const std::string name(tool.info().name);
    if (called.typed.empty())
        return {Errc::usage, "VERB is missing", fmt::format("see {} --help", name)};
    const bool in_group = is_group(tool.verbs(), called.typed.front());
    const auto known = plain_words(next_words(tool, in_group ? called : Called{}));
    const std::string all = fmt::format("it is one of {}", fmt::join(known, ", "));
    if (in_group && (called.rest.empty() || called.rest.front().starts_with('-')))
        return {Errc::usage, fmt::format("{} takes a further verb", called.typed.front()), all};
    const std::string& wrong = in_group ? called.rest.front() : called.typed.front();
    const auto near = text::nearest(wrong, known);
    return {Errc::usage, fmt::format("there is no verb {}", text::quoted(wrong)),
            near ? fmt::format("did you mean {}?", *near) : all};
}

} // namespace xenlab::cli
