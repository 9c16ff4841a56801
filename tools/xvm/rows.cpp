// SPDX-License-Identifier: GPL-3.0-or-later
#include "rows.hpp"

#include "batch_rows.hpp"
#include "listing.hpp"

namespace xvm {

void declare_change_options(cli::OptionSet& set, ChangeOptions& options, bool confirms)
{
    set.add_flag("-n,--dry-run", options.dry_run, "Say what would be done, and change nothing");
    if (confirms)
        set.add_flag("-y,--yes", options.yes, "Do not ask before doing it");
    set.add_flag("--strict", options.strict, "What is so already is a failure (exit 6)");
}

void declare_parallel_changes(cli::OptionSet& set, ChangeOptions& options, bool confirms)
{
    declare_change_options(set, options, confirms);
    declare_parallel_options(set, {options.parallel, options.stagger, options.fail_fast});
}

class Rows::Impl {
  public:
    cli::Context& context;
    RowWriter writer;
    const bool strict;
};

Rows::Rows(cli::Context& context, std::string_view schema, const ChangeOptions& change)
    : impl_(new Impl{.context = context, .writer = {context, schema}, .strict = change.strict})
{
}

Rows::~Rows() = default;

void Rows::run(lab::Pool& pool, const std::string& name, const std::string& uuid,
               const std::function<Done()>& act)
{
    const auto start = std::chrono::steady_clock::now();
    Row row;
    if (impl_->context.stop.stop_requested())
        throw Error(Errc::interrupted, "interrupted");
    try {
        const Done done = act();
        row = done.skipped ? skip(done.message) : ok(done.message);
        if (done.skipped && impl_->strict) {
            row.status = Row::Status::fail;
            row.code = exit_code(Errc::precondition);
        }
    } catch (const BrokenPipe&) {
        throw;
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted)
            throw;
        row = failed(error, &pool.session());
    }
    const Item item{.name = name, .uuid = uuid, .host = {}, .pool = &pool, .work = {}};
    impl_->writer.row(
        item,
        {.row = std::move(row),
         .seconds =
             std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()});
}

int Rows::finish()
{
    impl_->writer.finish();
    return impl_->writer.exit_code();
}

Changes::Changes(cli::Context& context, std::string_view schema, const ChangeOptions& change,
                 unsigned parallel)
    : context_(context), options_{.parallel = change.parallel,
                                  .stagger = change.stagger,
                                  .fail_fast = change.fail_fast,
                                  .strict = change.strict,
                                  .dry_run = change.dry_run},
      spec_{.schema = schema, .parallel = parallel, .per_host = 1}
{
}

void Changes::add(lab::Pool& pool, std::string name, std::string uuid, std::function<Done()> act,
                  std::string turn)
{
    items_.push_back({.name = std::move(name),
                      .uuid = std::move(uuid),
                      .host = std::move(turn),
                      .pool = &pool,
                      .work = [act = std::move(act)] {
                          Done done = act();
                          return done.skipped ? skip(std::move(done.message))
                                              : ok(std::move(done.message));
                      }});
}

int Changes::run()
{
    return run_items(std::move(items_), options_, spec_, context_);
}

cli::ToolInfo change_info(std::string_view kind, std::string_view name, std::string_view summary,
                          std::string_view schema, const cli::Example& example)
{
    std::vector<std::string_view> completes{kind, "CONTEXT"};
    if (kind != "HOST")
        completes.emplace_back("HOST");
    return {.name = name,
            .summary = summary,
            .schema = schema,
            .formats = row_formats,
            .columns = batch_columns(),
            .timeout_option = true,
            .examples = {example},
            .completes = std::move(completes)};
}

void confirm(const ChangeOptions& change, const cli::Context& context, const std::string& what)
{
    confirm(context, change.yes || change.dry_run, what);
}

std::string run_task(lab::Pool& pool, const cli::Context& context, std::string_view method,
                     xapi::Session::Params params, std::chrono::milliseconds usual)
{
    const auto limit = context.shared.timeout.count() > 0 ? context.shared.timeout : usual;
    return pool.tasks()
        .run(method, std::move(params), transport::deadline_in(limit))
        .value()
        .as_scalar()
        .value_or("");
}

} // namespace xvm
