// SPDX-License-Identifier: GPL-3.0-or-later
#include "frame.hpp"

#include "signals.hpp"

#include <xenlab/base/text.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>

#include <unistd.h>

namespace xenlab::cli {
namespace {

using nlohmann::ordered_json;

void say(std::string_view text)
{
    [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, text.data(), text.size());
}

/// With --json and --jsonl a failure is a document, too.
void write_error_document(std::string_view schema, Format format, const Error& error)
{
    ordered_json document;
    document["schema"] = schema;
    document["error"] = {{"code", exit_code(error.code())},
                         {"kind", kind_of(error.code())},
                         {"message", error.what()}};
    if (!error.hint().empty())
        document["error"]["hint"] = error.hint();
    const std::string text = document.dump(format == Format::json ? 2 : -1, ' ', false,
                                           ordered_json::error_handler_t::replace) +
                             "\n";
    try {
        print(text);
    } catch (const Error&) {
        return; // said on standard error
    }
}

/// What a wrong command line or a failure before the body is reported in.
Format format_asked_for(std::span<const std::string> words)
{
    if (asks_for(words, "--json"))
        return Format::json;
    return asks_for(words, "--jsonl") ? Format::jsonl : Format::table;
}

Error internal_error(const std::exception& error)
{
    return {Errc::failed, fmt::format("internal error: {}", error.what()),
            "please report this with the command line"};
}

std::string lower_first(std::string words)
{
    if (words.size() > 1 && words[0] >= 'A' && words[0] <= 'Z' && words[1] >= 'a')
        words[0] = static_cast<char>(words[0] + 32);
    return words;
}

} // namespace

int print(std::string_view text)
{
    io::write_all(STDOUT_FILENO, std::as_bytes(std::span(text)), "standard output");
    return 0;
}

std::string generated(const ToolInfo& info, const ToolModel& model, std::string_view what)
{
    if (what == "man")
        return man_sections(info, model);
    if (const auto script = completion_script(info.name, what); !script.empty())
        return script;
    throw Error(Errc::usage, fmt::format("cannot generate {}", text::quoted(what)));
}

Error usage_error(const CLI::App& app, const ToolInfo& info, const ToolModel& model,
                  const CLI::ParseError& error)
{
    std::string hint = fmt::format("usage: {}; see {} --help", usage_line(info, model), info.name);
    const auto unknown = app.remaining();
    for (const std::string& word : unknown) {
        if (!word.starts_with('-') || word == "-")
            continue;
        std::vector<std::string> known;
        for (const OptionModel& option : model.options)
            for (std::string& spelling : spellings(option))
                known.push_back(std::move(spelling));
        const std::string name = word.substr(0, word.find('='));
        if (const auto near = text::nearest(name, known))
            hint = fmt::format("did you mean {}?", *near);
        return {Errc::usage, fmt::format("unknown option {}", text::printable(name)), hint};
    }
    if (!unknown.empty())
        return {Errc::usage, fmt::format("unexpected argument {}", text::quoted(unknown.front())),
                hint};
    std::string words = text::printable(error.what());
    if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr)
        words = fmt::format("{} is missing", words.substr(0, words.find(' ')));
    return {Errc::usage, lower_first(words), hint};
}

void parse(CLI::App& app, std::vector<std::string> words)
{
    for (std::string& word : words)
        if (word.starts_with('[') && word.ends_with(']'))
            word.insert(0, no_list);
    std::reverse(words.begin(), words.end());
    app.parse(std::move(words));
}

bool asks_for(std::span<const std::string> words, std::string_view option)
{
    for (const std::string& word : words) {
        if (word == "--")
            return false;
        if (word == option)
            return true;
    }
    return false;
}

int fail(const ToolInfo& tool, std::string_view schema, Format format, const Error& error)
{
    std::string text = fmt::format("{}: error: {}\n", tool.name, error.what());
    if (!error.hint().empty())
        text += fmt::format("{}: hint: {}\n", tool.name, error.hint());
    say(text);
    if (format == Format::json || format == Format::jsonl)
        write_error_document(schema, format, error);
    return exit_code(error.code());
}

int run_body(const ToolInfo& tool, std::string_view schema, SharedOptions shared,
             const std::function<int(Context&)>& body)
{
    const Format format = shared.format;
    SignalWatch signals;
    try {
        Context context(std::string(tool.name), std::move(shared), signals.token());
        const int code = body(context);
        context.finish();
        return code;
    } catch (const BrokenPipe&) {
        die_of(SIGPIPE);
    } catch (const Error& error) {
        if (error.code() != Errc::interrupted)
            return fail(tool, schema, format, error);
        say(fmt::format("{}: interrupted\n", tool.name));
        die_of(signals.caught() == 0 ? SIGTERM : signals.caught());
    } catch (const std::bad_alloc&) {
        return fail(tool, schema, format, Error(Errc::failed, "out of memory"));
    } catch (const std::exception& error) {
        return fail(tool, schema, format, internal_error(error));
    }
}

int guarded(const ToolInfo& tool, std::span<const std::string> words,
            const std::function<int()>& life)
{
    try {
        return life();
    } catch (const BrokenPipe&) {
        die_of(SIGPIPE);
    } catch (const Error& error) {
        return fail(tool, tool.schema, format_asked_for(words), error);
    } catch (const std::exception& error) {
        return fail(tool, tool.schema, Format::table, internal_error(error));
    }
}

std::vector<std::string> words_of(int argc, char** argv)
{
    return {argv + std::min(argc, 1), argv + argc};
}

} // namespace xenlab::cli
