// SPDX-License-Identifier: GPL-3.0-or-later
// xva-verify: prove that an XVA is whole and undamaged, while it streams by.
#include "report.hpp"
#include "verify_file.hpp"

#include <xenlab/cli/options.hpp>
#include <xenlab/cli/tool.hpp>

#include <optional>

namespace {

using namespace xenlab;

void declare(cli::OptionSet& options, xva_verify::Options& o)
{
    options
        .add_option("SRC", o.sources,
                    "XVA archive (plain, gzip or zstd), http(s) URL, or - for standard input")
        .required();
    options.add_flag("-k,--keep-going", o.keep_going,
                     "Report all damage instead of stopping at the first");
    options.add_flag("--importable", o.importable,
                     "Also say whether a host would import it, and what it would miss");
    options.add_size("--memory-limit", o.memory_limit,
                     "Most memory for the window of a zstd archive (default 128M)");
    options
        .add_option("--threads", o.threads,
                    "Threads that compute checksums (default: one a processor)")
        .type_name("N")
        .range(1, 64);
}

int run(const xva_verify::Options& o, cli::Context& context)
{
    xva_verify::Reporter reporter(context, o.importable);
    bool any_bad = false;
    std::optional<Error> failure; // one unreadable file does not keep us from the others
    for (const std::string& source : o.sources) {
        try {
            const auto verdict = xva_verify::verify_file(source, o, context, reporter);
            reporter.file(verdict);
            any_bad = any_bad || !verdict.good();
        } catch (const BrokenPipe&) {
            throw;
        } catch (const Error& error) {
            if (o.sources.size() == 1 || error.code() == Errc::interrupted)
                throw;
            reporter.failed(source, error);
            failure = error;
        }
    }
    reporter.finish();
    return any_bad ? exit_code(Errc::bad_data) : failure ? exit_code(failure->code()) : 0;
}

const cli::ToolInfo info{
    .name = "xva-verify",
    .summary = "prove that an XVA archive is whole and undamaged",
    .schema = "xva-verify/1",
    .formats = {cli::Format::table, cli::Format::tsv, cli::Format::json, cli::Format::jsonl},
    .columns = {"file", "verdict", "kind", "disk", "chunk", "offset", "length", "partition",
                "message"},
    .output_option = true,
    .progress_option = true,
    .timeout_option = true,
    .examples = {{"xva-verify web1.xva",
                  "Check an archive; the exit status is 0 if it is good and 7 if not"},
                 {"cat web1.xva.zst | tee copy.xva.zst | xva-verify -",
                  "Check a stream while it is saved"},
                 {"xva-verify --keep-going --jsonl *.xva | jq -r 'select(.ok|not).file'",
                  "List the bad ones among many"},
                 {"xva-verify --importable web1.xva", "Ask whether a host would import it"}},
    .exit_codes = {{0, "All archives are good."},
                   {1},
                   {2},
                   {3},
                   {5},
                   {6, "The zstd window is larger than --memory-limit allows."},
                   {7, "At least one archive is damaged, incomplete or no XVA; with --importable "
                       "also: a host would refuse it."},
                   {124},
                   {130}},
};

} // namespace

int main(int argc, char** argv)
{
    return cli::run<xva_verify::Options>(argc, argv, info, declare, run);
}
