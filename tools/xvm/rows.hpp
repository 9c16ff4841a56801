// SPDX-License-Identifier: GPL-3.0-or-later
// The answer of verbs that change several things one after the other: a row for each, whatever
// happens to the others, and one exit code.
#pragma once

#include "batch.hpp"

namespace xvm {

/// Options of verbs that change something.
struct ChangeOptions {
    bool dry_run = false;
    bool yes = false;
    bool strict = false;
    bool fail_fast = false;
    unsigned parallel = 0; ///< 0: the verb's default
    std::chrono::milliseconds stagger{0};
};
/// Declares -n/--dry-run, --strict, and -y/--yes if the verb wants a confirmation.
void declare_change_options(cli::OptionSet& set, ChangeOptions& options, bool confirms);
/// And -P/--parallel, --stagger and --fail-fast, for verbs that use Changes.
void declare_parallel_changes(cli::OptionSet& set, ChangeOptions& options, bool confirms);

/// How one target ended when it did not fail.
struct Done {
    bool skipped = false; ///< it was so already; with --strict that fails
    std::string message;
};

/// Rows in the order of run(). A failure does not keep the next from its turn, a stop request does.
class Rows {
  public:
    Rows(cli::Context& context, std::string_view schema, const ChangeOptions& change);
    ~Rows();
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;

    /// `act` does it, or throws Error. Faults of `pool` are told with names.
    void run(lab::Pool& pool, const std::string& name, const std::string& uuid,
             const std::function<Done()>& act);
    /// Writes what is still to be written; the exit code as that of run_items().
    int finish();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// The same for things that do not hinder each other: several at once, rows in the order of add().
class Changes {
  public:
    Changes(cli::Context& context, std::string_view schema, const ChangeOptions& change,
            unsigned parallel = 8);

    /// `act` runs in another thread, later: it must own what it uses. Of one `turn` (a VM that
    /// several devices belong to) only one runs at a time.
    void add(lab::Pool& pool, std::string name, std::string uuid, std::function<Done()> act,
             std::string turn = {});
    /// Does all, and gives the exit code of run_items().
    int run();

  private:
    cli::Context& context_;
    BatchOptions options_;
    BatchSpec spec_;
    std::vector<Item> items_;
};

/// The ToolInfo of a verb that changes things of one `kind` ("HOST"), which TAB completes.
cli::ToolInfo change_info(std::string_view kind, std::string_view name, std::string_view summary,
                          std::string_view schema, const cli::Example& example);

/// confirm() of batch.hpp, unless it is a --dry-run.
void confirm(const ChangeOptions& change, const cli::Context& context, const std::string& what);

/// Runs an Async method, waits for its end (--timeout, else `usual`) and gives its result. Throws
/// Fault, Error{timeout}.
std::string run_task(lab::Pool& pool, const cli::Context& context, std::string_view method,
                     xapi::Session::Params params,
                     std::chrono::milliseconds usual = std::chrono::minutes(5));

/// A reference as a parameter.
template <typename T>
xmlrpc::Value value(const xapi::Ref<T>& ref)
{
    return xapi::Session::value(ref);
}

/// Runs `act`; a Fault leaves with names in it.
template <typename Act>
auto with_names(lab::Pool& pool, const Act& act) -> decltype(act())
{
    try {
        return act();
    } catch (const xapi::Fault& fault) {
        throw pool.session().explained(fault);
    }
}

} // namespace xvm
