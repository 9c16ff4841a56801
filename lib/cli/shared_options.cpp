// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared_options.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/options.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include <unistd.h>

namespace xenlab::cli {
namespace {

constexpr const char* group = "Shared options";

bool offers(const ToolInfo& info, Format format)
{
    return std::find(info.formats.begin(), info.formats.end(), format) != info.formats.end();
}

void declare_formats(OptionSet& app, const ToolInfo& info, SharedChoice& choice)
{
    std::vector<std::string> names;
    for (const Format format : info.formats)
        names.emplace_back(name_of(format));
    app.add_choice("--format", choice.format, names,
                   "Output format; by default table on a terminal and tsv in a pipe")
        .group(group);
    if (offers(info, Format::json))
        app.add_flag("--json", choice.json, "Same as --format json: one document").group(group);
    if (offers(info, Format::jsonl))
        app.add_flag("--jsonl", choice.jsonl, "Same as --format jsonl: one document a line")
            .group(group);
    if (offers(info, Format::ids)) {
        app.add_flag("-q", choice.ids, "Same as --format ids: only what identifies each row")
            .group(group);
        app.add_flag("-0", choice.nul, "With -q, end each with a NUL instead of a newline")
            .group(group);
    }
    if (offers(info, Format::table)) {
        app.add_option(
               "--fields", choice.fields,
               info.columns.empty()
                   ? std::string("Columns of table and tsv, in this order, separated by commas")
                   : fmt::format("Columns of table and tsv, in this order, separated by commas: {}",
                                 fmt::join(info.columns, ", ")))
            .type_name("LIST")
            .group(group);
        app.add_flag("--header", choice.header, "Print column names in tsv, too").group(group);
        app.add_flag("--no-header", choice.no_header, "Print no column names").group(group);
    }
}

bool terminal_takes_colors()
{
    const char* no_color = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    return ::isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0') &&
           term != nullptr && std::string_view(term) != "dumb";
}

Format decide_format(const SharedChoice& choice, const ToolInfo& info)
{
    std::string word = choice.json    ? "json"
                       : choice.jsonl ? "jsonl"
                       : choice.ids   ? "ids"
                                      : choice.format;
    if (word.empty())
        if (const char* env = std::getenv("XENLAB_FORMAT"))
            word = env;
    for (const Format format : info.formats)
        if (name_of(format) == word)
            return format;
    const bool to_people = ::isatty(STDOUT_FILENO) == 1 && choice.output.empty();
    if (!to_people && offers(info, Format::tsv))
        return Format::tsv;
    return info.formats.empty() ? Format::table : info.formats.front();
}

ProgressMode decide_progress(const SharedChoice& choice)
{
    if (choice.progress == "bar")
        return ProgressMode::bar;
    if (choice.progress == "line")
        return ProgressMode::line;
    if (choice.progress == "json")
        return ProgressMode::json;
    const char* term = std::getenv("TERM");
    const bool smart = term != nullptr && std::string_view(term) != "dumb";
    const bool automatic =
        choice.progress == "auto" && !choice.quiet && smart && ::isatty(choice.progress_fd) == 1;
    return automatic ? ProgressMode::bar : ProgressMode::none;
}

} // namespace

void declare_streams(CLI::App& parser, const ToolInfo& info, SharedChoice& choice)
{
    OptionSet app(parser);
    if (info.output_option)
        app.add_option("-o,--output", choice.output,
                       "Write there instead of standard output; a file appears when it is complete")
            .type_name("FILE")
            .group(group);
    if (info.progress_option) {
        app.add_choice("--progress", choice.progress, {"auto", "bar", "line", "json", "none"},
                       "How to show progress; auto is a bar on a terminal and nothing otherwise")
            .group(group);
        app.add_option("--progress-fd", choice.progress_fd, "Show progress on this descriptor")
            .type_name("N")
            .group(group)
            .range(0, 1 << 20);
    }
    if (info.timeout_option)
        app.add_duration("--timeout", choice.timeout,
                         "Give up when a server is silent for that long (default 60s)")
            .group(group);
}

void declare_common(CLI::App& parser, const ToolInfo& info, SharedChoice& choice)
{
    OptionSet app(parser);
    if (!info.formats.empty())
        declare_formats(app, info, choice);
    app.add_choice("--color", choice.color, {"auto", "always", "never"},
                   "Colours; auto obeys NO_COLOR and TERM=dumb")
        .group(group);
    app.add_flag("-s,--quiet", choice.quiet, "No warnings and no notes on standard error")
        .group(group);
    app.add_flag("-v,--verbose", choice.verbose, "Say more on standard error; twice for more")
        .group(group);
    // Looked for before the command line is parsed; declared so that they are listed.
    app.add_flag("-h,--help", choice.help, "Print this help").group(group);
    app.add_flag("--version", choice.version, "Print the version").group(group);
}

void declare_shared(CLI::App& parser, const ToolInfo& info, SharedChoice& choice)
{
    declare_streams(parser, info, choice);
    declare_common(parser, info, choice);
}

SharedOptions decide(const SharedChoice& choice, const ToolInfo& info)
{
    SharedOptions shared;
    shared.format = decide_format(choice, info);
    for (const std::string_view field : text::split(choice.fields, ','))
        if (!field.empty())
            shared.fields.emplace_back(field);
    shared.header = !choice.no_header && (shared.format == Format::table || choice.header);
    shared.color = choice.color == "always" || (choice.color == "auto" && terminal_takes_colors());
    shared.nul = choice.nul;
    shared.quiet = choice.quiet;
    shared.verbose = choice.verbose;
    shared.progress = decide_progress(choice);
    shared.progress_fd = choice.progress_fd;
    shared.output = choice.output.empty() ? "-" : choice.output;
    shared.timeout = choice.timeout;
    return shared;
}

} // namespace xenlab::cli
