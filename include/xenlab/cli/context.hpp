// SPDX-License-Identifier: GPL-3.0-or-later
// What a tool's run() gets besides its own options.
#pragma once

#include <xenlab/io/byte_sink.hpp>

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::cli {

enum class Format { table, tsv, json, jsonl, ids };
enum class ProgressMode { none, bar, line, json };

std::string_view name_of(Format format) noexcept;

/// The values of the options that all tools share, after defaults were decided.
struct SharedOptions {
    Format format = Format::table;
    std::vector<std::string> fields; ///< empty: all columns
    bool header = true;              ///< table and tsv
    bool nul = false;                ///< ids end with NUL
    bool color = false;
    bool quiet = false;
    int verbose = 0;
    ProgressMode progress = ProgressMode::none;
    int progress_fd = 2;
    std::string output = "-";
    std::chrono::milliseconds timeout{0}; ///< 0: the default of what is waited for
};

/// Belongs to the main thread, but for `stop`.
class Context {
  public:
    Context(std::string tool, SharedOptions shared, std::stop_token stop);
    ~Context();

    const SharedOptions shared;
    const std::stop_token stop; ///< requested by SIGINT, SIGTERM and SIGHUP

    /// The answer: standard output, or the file of -o (which appears when all went well). Throws
    /// Error{usage} instead of writing binary data to a terminal.
    enum class Content { text, binary };
    io::ByteSink& out(Content content = Content::text);

    /// One JSON document, pretty for --json and on one line for --jsonl (flushed).
    void write_json(const nlohmann::ordered_json& document);

    /// Words for people on standard error: "xva-mbr: warning: …". Escapes control characters;
    /// silenced by --quiet.
    void error(std::string_view words) const; ///< of one target among several; never silenced
    void warning(std::string_view words) const;
    void note(std::string_view words) const;
    /// Only with -v.
    void detail(std::string_view words) const;

    /// Text in a terminal colour, if colours are wanted. "32" is green.
    [[nodiscard]] std::string colored(std::string_view text, std::string_view code) const;

    /// Called by run_tool when the body has returned.
    void finish();

  private:
    std::string tool_;
    std::unique_ptr<io::ByteSink> out_;
};

} // namespace xenlab::cli
