// SPDX-License-Identifier: GPL-3.0-or-later
#include "rows.hpp"

#include "batch_rows.hpp"

namespace xvm {

void declare_change_options(cli::OptionSet& set, ChangeOptions& options, bool confirms)
{
    set.add_flag("-n,--dry-run", options.dry_run, "Say what would be done, and change nothing");
    if (confirms)
        set.add_flag("-y,--yes", options.yes, "Do not ask before doing it");
    set.add_flag("--strict", options.strict, "What is so already is a failure (exit 6)");
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
