// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/cli/context.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

namespace xenlab::cli {

std::string_view name_of(Format format) noexcept
{
    switch (format) {
    case Format::table:
        return "table";
    case Format::tsv:
        return "tsv";
    case Format::json:
        return "json";
    case Format::jsonl:
        return "jsonl";
    case Format::ids:
        return "ids";
    }
    return "table";
}

Context::Context(std::string tool, SharedOptions options, std::stop_token token)
    : shared(std::move(options)), stop(std::move(token)), tool_(std::move(tool))
{
}

Context::~Context() = default;

io::ByteSink& Context::out(Content content)
{
    if (out_)
        return *out_;
    if (shared.output != "-") {
        out_ = std::make_unique<io::FileSink>(shared.output);
    } else {
        if (content == Content::binary && ::isatty(STDOUT_FILENO) == 1)
            throw Error(Errc::usage, "refusing to write binary data to a terminal",
                        "redirect standard output, or use -o FILE");
        out_ = std::make_unique<io::FdSink>(STDOUT_FILENO, "standard output");
    }
    return *out_;
}

void Context::write_json(const nlohmann::ordered_json& document)
{
    using nlohmann::ordered_json;
    const int indent = shared.format == Format::json ? 2 : -1;
    // Names that are not UTF-8 must not make the document invalid.
    out().write(document.dump(indent, ' ', false, ordered_json::error_handler_t::replace) + "\n");
    if (shared.format == Format::jsonl)
        out().flush();
}

namespace {

void say(std::string_view tool, std::string_view kind, std::string_view words)
{
    const std::string line = fmt::format("{}: {}{}\n", tool, kind, words);
    // Standard error may be closed or full; there is nobody to tell.
    [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, line.data(), line.size());
}

} // namespace

void Context::error(std::string_view words) const
{
    say(tool_, "error: ", words);
}

void Context::warning(std::string_view words) const
{
    if (!shared.quiet)
        say(tool_, "warning: ", words);
}

void Context::note(std::string_view words) const
{
    if (!shared.quiet)
        say(tool_, "", words);
}

void Context::detail(std::string_view words) const
{
    if (shared.verbose > 0)
        say(tool_, "", words);
}

std::string Context::colored(std::string_view text, std::string_view code) const
{
    if (!shared.color)
        return std::string(text);
    return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

void Context::finish()
{
    if (out_)
        out_->finish();
}

} // namespace xenlab::cli
