// SPDX-License-Identifier: GPL-3.0-or-later
#include "rows.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/table.hpp>
#include <xenlab/io/fd.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <set>

#include <fcntl.h>
#include <unistd.h>

namespace xvm {

using nlohmann::ordered_json;

const std::vector<std::string_view> row_columns{"status", "name", "uuid", "seconds", "message"};

void declare_change_options(cli::OptionSet& set, ChangeOptions& options, bool confirms)
{
    set.add_flag("-n,--dry-run", options.dry_run, "Say what would be done, and change nothing");
    if (confirms)
        set.add_flag("-y,--yes", options.yes, "Do not ask before doing it");
    set.add_flag("--strict", options.strict, "Fail for what is already as it should be");
}

class Rows::Impl {
  public:
    Impl(cli::Context& context, std::string_view schema, const ChangeOptions& change)
        : context_(context), schema_(schema), change_(change)
    {
        if (context.shared.format != cli::Format::json &&
            context.shared.format != cli::Format::jsonl)
            table_.emplace(context, std::vector<cli::Column>{{"status"},
                                                             {"name"},
                                                             {"uuid"},
                                                             {"seconds", true},
                                                             {"message"}},
                           std::vector<std::string>{"status", "name", "seconds", "message"});
    }

    void row(std::string_view status, const std::string& name, const std::string& uuid,
             double seconds, const std::string& message, int code, ordered_json extra = {})
    {
        ++rows_;
        if (code != 0)
            codes_.insert(code);
        else
            ++good_;
        if (table_) {
            table_->row({std::string(status), name, uuid, fmt::format("{:.1f}", seconds), message});
            return;
        }
        ordered_json item{{"status", status},   {"name", name},       {"uuid", uuid},
                          {"seconds", seconds}, {"message", message}, {"code", code}};
        if (!extra.is_null())
            item["xapi"] = std::move(extra);
        if (context_.shared.format == cli::Format::jsonl)
            context_.write_json(item);
        else
            items_.push_back(std::move(item));
    }

    void failed(const std::string& name, const std::string& uuid, double seconds,
                const Error& error)
    {
        const auto* fault = dynamic_cast<const xapi::Fault*>(&error);
        row("fail", name, uuid, seconds, error.what(), exit_code(error.code()),
            fault == nullptr ? ordered_json() : ordered_json(fault->document()));
        if (!error.hint().empty())
            context_.note(fmt::format("{}: {}", text::printable(name), error.hint()));
    }

    void run(lab::Pool& pool, const std::string& name, const std::string& uuid,
             const std::function<Done()>& act)
    {
        const auto start = std::chrono::steady_clock::now();
        const auto seconds = [&] {
            return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        };
        if (context_.stop.stop_requested())
            throw Error(Errc::interrupted, "interrupted");
        try {
            const Done done = with_names(pool, act);
            if (done.skipped && change_.strict)
                row("fail", name, uuid, seconds(), done.message, exit_code(Errc::precondition));
            else
                row(done.skipped ? "skip" : "ok", name, uuid, seconds(), done.message, 0);
        } catch (const BrokenPipe&) {
            throw;
        } catch (const Error& error) {
            failed(name, uuid, seconds(), error);
            if (error.code() == Errc::interrupted)
                throw;
        }
    }

    int finish()
    {
        if (table_)
            table_->finish();
        else if (context_.shared.format == cli::Format::json)
            context_.write_json({{"schema", schema_}, {"items", items_}});
        if (codes_.empty())
            return 0;
        if (good_ == 0)
            return codes_.size() == 1 ? *codes_.begin() : exit_code(Errc::failed);
        return exit_code(Errc::partial);
    }

  private:
    cli::Context& context_;
    std::string schema_;
    ChangeOptions change_;
    std::optional<cli::Table> table_;
    ordered_json items_ = ordered_json::array();
    std::set<int> codes_;
    std::size_t rows_ = 0;
    std::size_t good_ = 0;
};

Rows::Rows(cli::Context& context, std::string_view schema, const ChangeOptions& change)
    : impl_(std::make_unique<Impl>(context, schema, change))
{
}

Rows::~Rows() = default;

void Rows::run(lab::Pool& pool, const std::string& name, const std::string& uuid,
               const std::function<Done()>& act)
{
    impl_->run(pool, name, uuid, act);
}

void Rows::fail(const std::string& name, const std::string& uuid, const Error& error)
{
    impl_->failed(name, uuid, 0, error);
}

int Rows::finish()
{
    return impl_->finish();
}

void confirm(const ChangeOptions& change, const cli::Context& context, const std::string& what)
{
    if (change.yes || change.dry_run)
        return;
    const io::Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (!terminal || ::isatty(STDERR_FILENO) != 1 || ::isatty(STDIN_FILENO) != 1)
        throw Error(Errc::ambiguous, "this needs a confirmation: " + what,
                    "--yes does it, --dry-run shows it");
    const std::string question = what + "? [y/N] ";
    io::write_all(terminal.get(), std::as_bytes(std::span(question)), "terminal");
    io::wait_readable(terminal.get(), context.stop);
    char answer = 'n';
    if (::read(terminal.get(), &answer, 1) != 1 || (answer != 'y' && answer != 'Y'))
        throw Error(Errc::ambiguous, "not confirmed");
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
