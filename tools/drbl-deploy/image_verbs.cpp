// SPDX-License-Identifier: GPL-3.0-or-later
// images ls, info, verify, rename, prune.
#include "complete.hpp"
#include "globals.hpp"
#include "image_views.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/options.hpp>
#include <xenlab/cli/table.hpp>
#include <xenlab/drbl/image.hpp>
#include <xenlab/drbl/names.hpp>
#include <xenlab/drbl/server.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fnmatch.h>

namespace drbl_deploy {
namespace {

using cli::Format;
using drbl::Image;
using nlohmann::ordered_json;

const std::vector<std::string_view> columns{"name",  "kind",     "size",    "disks",
                                            "saved", "complete", "problems"};
const std::vector<Format> formats{Format::table, Format::tsv, Format::json, Format::jsonl,
                                  Format::ids};

struct Seen {
    drbl::ServerFacts facts;
    std::vector<Image> images;
};

/// All images, or those that the words mean: exact names first, then globs. Throws
/// Error{not_found}.
Seen look(Server& server, const std::vector<std::string>& words)
{
    const auto records = server.survey({"images"});
    Seen seen{drbl::read_facts(records), drbl::read_images(records)};
    remember(server.name(), seen.images);
    if (words.empty())
        return seen;
    std::vector<Image> chosen;
    for (const std::string& word : words) {
        const std::size_t before = chosen.size();
        for (const Image& image : seen.images)
            if (image.name == word || ::fnmatch(word.c_str(), image.name.c_str(), 0) == 0)
                if (std::none_of(chosen.begin(), chosen.end(),
                                 [&](const Image& other) { return other.name == image.name; }))
                    chosen.push_back(image);
        if (chosen.size() == before)
            throw Error(Errc::not_found,
                        fmt::format("the server has no image {}", text::quoted(word)));
    }
    seen.images = std::move(chosen);
    return seen;
}

struct NameOptions {
    std::vector<std::string> names;
};

void declare_ls(cli::OptionSet& options, NameOptions& o)
{
    options.add_option("IMAGE", o.names, "Only these names or globs");
}

int ls(const Globals& globals, const NameOptions& o, cli::Context& context)
{
    Server server(globals, context);
    print_images(context, look(server, o.names).images);
    return 0;
}

void declare_names(cli::OptionSet& options, NameOptions& o)
{
    options.add_option("IMAGE", o.names, "Names or globs of images").required();
}

int info(const Globals& globals, const NameOptions& o, cli::Context& context)
{
    Server server(globals, context);
    const auto seen = look(server, o.names);
    if (wants_json(context)) {
        print_images(context, seen.images);
        return 0;
    }
    for (const Image& image : seen.images)
        print_image(context, image);
    return 0;
}

/// What is wrong with it as it lies there, then what reading it all says.
std::string damage_of(Server& server, const Image& image)
{
    if (!image.problems.empty())
        return fmt::format("{}", fmt::join(image.problems, "; "));
    const auto result = server.run(drbl::verify_image(image.name), std::chrono::hours(12));
    if (result.exit.status == 0)
        return {};
    if (result.exit.status != 1)
        require_success(result, "checking the image");
    const std::string words(text::trim(result.out));
    return words.empty() ? "ocs-chkimg refused it" : text::printable(words);
}

int verify(const Globals& globals, const NameOptions& o, cli::Context& context)
{
    Server server(globals, context);
    const auto seen = look(server, o.names);
    bool bad = false;
    ordered_json doc{{"schema", "drbl-deploy.verify/1"}, {"items", ordered_json::array()}};
    std::optional<cli::Table> table;
    if (!wants_json(context))
        table.emplace(context, std::vector<cli::Column>{{"verdict"}, {"name"}, {"message"}});
    for (const Image& image : seen.images) {
        const std::string damage = damage_of(server, image);
        bad = bad || !damage.empty();
        if (table)
            table->row({damage.empty() ? "good" : "bad", image.name, damage});
        else
            doc["items"].push_back({{"name", text::printable(image.name)},
                                    {"ok", damage.empty()},
                                    {"message", damage}});
    }
    if (table)
        table->finish();
    else
        context.write_json(doc);
    return bad ? exit_code(Errc::bad_data) : 0;
}

struct RenameOptions {
    std::string from, to;
};

void declare_rename(cli::OptionSet& options, RenameOptions& o)
{
    options.add_option("IMAGE", o.from, "Name of an image").required();
    options.add_option("NEW", o.to, "Its name from now on").required();
}

int rename(const Globals& globals, const RenameOptions& o, cli::Context& context)
{
    const auto script = drbl::rename_image(o.from, o.to);
    Server server(globals, context);
    drbl::read_facts(server.survey({}));
    const auto result = server.run(script);
    if (result.exit.status == 3)
        throw Error(Errc::not_found, fmt::format("the server has no image {}", o.from));
    if (result.exit.status == 6)
        throw Error(Errc::precondition,
                    fmt::format("{} is in use, or there is a {} already", o.from, o.to));
    require_success(result, "renaming the image");
    return 0;
}

struct PruneOptions {
    std::vector<std::string> names;
    int keep = -1;
    std::chrono::milliseconds older{-1};
    bool incomplete = false, dry_run = false, yes = false;
};

void declare_prune(cli::OptionSet& options, PruneOptions& o)
{
    options.add_option("IMAGE", o.names, "Names or globs of images that may go").required();
    options.add_option("--keep", o.keep, "Keep the N newest complete ones of them")
        .type_name("N")
        .range(0, 100'000);
    options.add_duration("--older", o.older, "Only those that are older");
    options.add_flag("--incomplete", o.incomplete, "Only those that were not saved to their end");
    options.add_flag("-n,--dry-run", o.dry_run, "Only show what would go");
    options.add_flag("-y,--yes", o.yes, "Do not ask");
}

std::vector<Image> to_prune(Seen seen, const PruneOptions& o)
{
    std::stable_sort(seen.images.begin(), seen.images.end(),
                     [](const Image& a, const Image& b) { return a.modified > b.modified; });
    std::vector<Image> doomed;
    int kept = 0;
    for (const Image& image : seen.images) {
        // One cut short does not count: it must not push out a good one.
        if (image.complete && kept < o.keep) {
            ++kept;
            continue;
        }
        const bool old =
            o.older.count() < 0 || seen.facts.time - image.modified > o.older.count() / 1000;
        if (old && !(o.incomplete && image.complete) && drbl::is_image_name(image.name))
            doomed.push_back(image);
    }
    return doomed;
}

int prune(const Globals& globals, const PruneOptions& o, cli::Context& context)
{
    if (o.keep < 0 && o.older.count() < 0 && !o.incomplete)
        throw Error(Errc::usage, "which of them may go is missing",
                    "--keep N, --older DURATION or --incomplete; --keep 0 is all");
    Server server(globals, context);
    const auto doomed = to_prune(look(server, o.names), o);
    std::vector<std::string> names;
    std::uint64_t bytes = 0;
    for (const Image& image : doomed) {
        names.push_back(image.name);
        bytes += image.stored;
    }
    if (!names.empty() && !o.dry_run) {
        confirm(context, o.yes,
                fmt::format("removing {} image{} ({}): {}", names.size(),
                            names.size() == 1 ? "" : "s", text::human_size(bytes),
                            fmt::join(names, ", ")));
        const auto result = server.run(drbl::remove_images(names), std::chrono::minutes(30));
        if (result.exit.status == 6)
            throw Error(Errc::precondition, "one of them is in use by the job at hand");
        require_success(result, "removing images");
    }
    print_images(context, doomed);
    context.note(fmt::format("{} {} in {} image{}", text::human_size(bytes),
                             o.dry_run ? "would be freed" : "freed", names.size(),
                             names.size() == 1 ? "" : "s"));
    return 0;
}

} // namespace

std::vector<Verb> image_verbs()
{
    return {
        cli::make_verb<Globals, NameOptions>(
            {.name = "images ls",
             .summary = "list the images on the server",
             .schema = "drbl-deploy.images/1",
             .formats = formats,
             .columns = columns,
             .examples = {{"drbl-deploy images ls -q 'win10-*'", "Print names only"}}},
            declare_ls, ls),
        cli::make_verb<Globals, NameOptions>(
            {.name = "images info",
             .summary = "show what is in images",
             .schema = "drbl-deploy.images/1",
             .formats = {Format::table, Format::json, Format::jsonl},
             .examples = {{"drbl-deploy images info gold", "Disks, partitions, age and problems"}}},
            declare_names, info),
        cli::make_verb<Globals, NameOptions>(
            {.name = "images verify",
             .summary = "read images on the server and prove that they are whole",
             .schema = "drbl-deploy.verify/1",
             .formats = {Format::table, Format::tsv, Format::json, Format::jsonl},
             .columns = {"verdict", "name", "message"},
             .examples =
                 {{"drbl-deploy images verify '*' --json | jq -r '.items[]|select(.ok|not).name'",
                   "Name the bad ones"}}},
            declare_names, verify),
        cli::make_verb<Globals, RenameOptions>(
            {.name = "images rename",
             .summary = "give an image another name",
             .schema = "drbl-deploy.rename/1",
             .formats = {},
             .examples = {{"drbl-deploy images rename gold gold-old", "Make way for a new one"}}},
            declare_rename, rename),
        cli::make_verb<Globals, PruneOptions>(
            {.name = "images prune",
             .summary = "remove images that are old or incomplete",
             .schema = "drbl-deploy.images/1",
             .formats = formats,
             .columns = columns,
             .examples = {{"drbl-deploy images prune 'nightly-*' --keep 7 --dry-run",
                           "Show which would go when a week is kept"}}},
            declare_prune, prune)};
}

} // namespace drbl_deploy
