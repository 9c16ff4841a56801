// SPDX-License-Identifier: GPL-3.0-or-later
#include "model.hpp"
#include "shared_options.hpp"
#include "signals.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/tool.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <csignal>
#include <cstdio>
#include <string>

#include <unistd.h>

namespace xenlab::cli {

std::string_view exit_code_meaning(int code)
{
    struct Meaning {
        int code;
        std::string_view words;
    };
    static constexpr std::array meanings{
        Meaning{0, "Done, or already so."},
        Meaning{1, "The operation failed, or the answer is \"no\"."},
        Meaning{2, "The command line is wrong."},
        Meaning{3, "Not found."},
        Meaning{4, "Ambiguous, or a confirmation is needed."},
        Meaning{5, "Cannot connect, log in or trust the peer."},
        Meaning{6, "A precondition does not hold."},
        Meaning{7, "The data is damaged, cut off, or not what it should be."},
        Meaning{8, "Some targets of a batch failed."},
        Meaning{124, "A time limit passed."},
        Meaning{
            130,
            "Interrupted (SIGINT); 143 for SIGTERM, 141 when the reader of the output has gone."},
    };
    for (const Meaning& meaning : meanings)
        if (meaning.code == code)
            return meaning.words;
    return {};
}

namespace {

using nlohmann::ordered_json;

void say(std::string_view text)
{
    [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, text.data(), text.size());
}

void print_error(const ToolInfo& info, const Error& error)
{
    std::string text = fmt::format("{}: error: {}\n", info.name, error.what());
    if (!error.hint().empty())
        text += fmt::format("{}: hint: {}\n", info.name, error.hint());
    say(text);
}

/// With --json and --jsonl a failure is a document, too.
void write_error_document(const ToolInfo& info, Format format, const Error& error)
{
    ordered_json document;
    document["schema"] = info.schema;
    document["error"] = {{"code", exit_code(error.code())},
                         {"kind", kind_of(error.code())},
                         {"message", error.what()}};
    if (!error.hint().empty())
        document["error"]["hint"] = error.hint();
    const std::string text = document.dump(format == Format::json ? 2 : -1, ' ', false,
                                           ordered_json::error_handler_t::replace) +
                             "\n";
    try {
        io::write_all(STDOUT_FILENO, std::as_bytes(std::span(text)), "standard output");
    } catch (const Error&) {
        return; // said on standard error
    }
}

int print(std::string_view text)
{
    io::write_all(STDOUT_FILENO, std::as_bytes(std::span(text)), "standard output");
    return 0;
}

int generate(const ToolInfo& info, const ToolModel& model, std::string_view what)
{
    if (what == "man")
        return print(man_sections(info, model));
    if (what == "bash")
        return print(bash_completion(info, model));
    throw Error(Errc::usage, fmt::format("cannot generate {}", text::quoted(what)));
}

/// CLI11's words for a wrong command line, made like our other messages.
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
    if (const auto* missing = dynamic_cast<const CLI::RequiredError*>(&error))
        words = fmt::format(
            "{} is missing",
            std::string(missing->what()).substr(0, std::string(missing->what()).find(' ')));
    if (!words.empty() && words.front() >= 'A' && words.front() <= 'Z' && words.size() > 1 &&
        words[1] >= 'a')
        words.front() = static_cast<char>(words.front() + 32);
    return {Errc::usage, words, hint};
}

bool asks_for(int argc, char** argv, std::string_view word)
{
    for (int i = 1; i < argc; ++i) {
        if (std::string_view(argv[i]) == "--")
            return false;
        if (std::string_view(argv[i]) == word)
            return true;
    }
    return false;
}

/// What a wrong command line or a failure before run() is reported in.
Format format_asked_for(int argc, char** argv)
{
    if (asks_for(argc, argv, "--json"))
        return Format::json;
    return asks_for(argc, argv, "--jsonl") ? Format::jsonl : Format::table;
}

int fail(const ToolInfo& info, Format format, const Error& error)
{
    print_error(info, error);
    if (format == Format::json || format == Format::jsonl)
        write_error_document(info, format, error);
    return exit_code(error.code());
}

int run_body(const ToolInfo& info, SharedOptions shared, const std::function<int(Context&)>& body)
{
    const Format format = shared.format;
    SignalWatch signals;
    try {
        Context context(std::string(info.name), std::move(shared), signals.token());
        const int code = body(context);
        context.finish();
        return code;
    } catch (const BrokenPipe&) {
        die_of(SIGPIPE);
    } catch (const Error& error) {
        if (error.code() != Errc::interrupted)
            return fail(info, format, error);
        say(fmt::format("{}: interrupted\n", info.name));
        die_of(signals.caught() == 0 ? SIGTERM : signals.caught());
    } catch (const std::bad_alloc&) {
        return fail(info, format, Error(Errc::failed, "out of memory"));
    } catch (const std::exception& error) {
        return fail(info, format,
                    Error(Errc::failed, fmt::format("internal error: {}", error.what()),
                          "please report this with the command line"));
    }
}

int parse_and_run(int argc, char** argv, const ToolInfo& info,
                  const std::function<void(CLI::App&)>& declare,
                  const std::function<int(Context&)>& body)
{
    CLI::App app{std::string(info.summary), std::string(info.name)};
    app.set_help_flag(); // ours prints examples, too
    app.option_defaults()->group("Options");
    declare(app);
    SharedChoice choice;
    declare_shared(app, info, choice);
    const ToolModel model = model_of(app);
    if (asks_for(argc, argv, "--help") || asks_for(argc, argv, "-h"))
        return print(help_text(info, model));
    if (asks_for(argc, argv, "--version"))
        return print(fmt::format("{} {}\n", info.name, XENLAB_VERSION));
    if (argc == 3 && std::string_view(argv[1]) == "--generate")
        return generate(info, model, argv[2]);
    SharedOptions shared;
    try {
        app.parse(argc, argv);
        shared = decide(choice, info);
    } catch (const CLI::ParseError& error) {
        throw usage_error(app, info, model, error);
    }
    return run_body(info, std::move(shared), body);
}

} // namespace

int run_tool(int argc, char** argv, const ToolInfo& info,
             const std::function<void(CLI::App&)>& declare,
             const std::function<int(Context&)>& body)
{
    try {
        return parse_and_run(argc, argv, info, declare, body);
    } catch (const BrokenPipe&) {
        die_of(SIGPIPE);
    } catch (const Error& error) {
        return fail(info, format_asked_for(argc, argv), error);
    } catch (const std::exception& error) {
        say(fmt::format("{}: error: {}\n", info.name, error.what()));
        return exit_code(Errc::failed);
    }
}

} // namespace xenlab::cli
