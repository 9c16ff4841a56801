// SPDX-License-Identifier: GPL-3.0-or-later
// Doing the same to many things: bounded parallelism, one row each in the order asked for, and the
// exit code of the whole. How data flows:
//
//   targets ─ resolve (lab) ─ items ─ workers (-P, --per-host, --stagger) ─ rows in input order
//
// A verb gives a function that does one thing and blocks; the waiting for tasks of all workers is
// one event loop (xapi::TaskWatch), so a thread costs nothing but its stack.
#pragma once

#include "xvm.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xvm {

/// The values of the options that batch verbs share.
struct BatchOptions {
    unsigned parallel = 0; ///< 0: the verb's default
    unsigned per_host = 0; ///< 0: no limit
    std::chrono::milliseconds stagger{0};
    std::chrono::milliseconds timeout{0}; ///< of each target; 0: the verb's default
    bool fail_fast = false, strict = false, dry_run = false, yes = false, no_wait = false;
};
/// -P, --per-host, --stagger, --timeout, --fail-fast, --strict, -n, -y, --no-wait.
void declare_batch_options(cli::OptionSet& set, BatchOptions& options);

/// Those of them that say how many at once, for verbs with other options besides.
struct ParallelOptions {
    unsigned& parallel;
    std::chrono::milliseconds& stagger;
    bool& fail_fast;
};
/// -P, --stagger, --fail-fast.
void declare_parallel_options(cli::OptionSet& set, const ParallelOptions& options);

/// What became of one thing.
struct Row {
    enum class Status { ok, skip, fail };
    Status status = Status::ok;
    std::string message; ///< printable
    int code = 0;        ///< of a failure
    std::string hint = {};
    std::vector<std::string> xapi = {}; ///< code and parameters of a fault
};
Row ok(std::string message = {});
Row skip(std::string message); ///< it is so already
/// Names in place of references need the session, which may be null.
Row failed(const Error& error, xapi::Session* session);

struct BatchSpec {
    std::string_view schema; ///< "xvm.start/1"
    unsigned parallel = 8;
    unsigned per_host = 0;
    std::chrono::milliseconds timeout{std::chrono::minutes(10)};
    /// Asked on a terminal before anything is done, with "this VM" or "these 3 VMs" put in for
    /// "{}"; without a terminal --yes is needed. Empty: no question.
    std::string question = {};
};

/// Columns of every batch: status, name, uuid, seconds, message.
const std::vector<std::string_view>& batch_columns();

/// One thing to do. `work` runs in a worker thread; what it throws becomes a failed row, except for
/// Error{interrupted}, which ends the batch.
struct Item {
    std::string name, uuid;
    std::string host; ///< what --per-host counts by; empty: not counted
    lab::Pool* pool = nullptr;
    std::function<Row()> work;
};

/// Returns the exit code: 0, the common code when all failed, 1 when all failed differently, 8
/// when some failed. Throws Error{interrupted} after the running ones have ended.
int run_items(std::vector<Item> items, const BatchOptions& options, const BatchSpec& spec,
              cli::Context& context);

/// Asks on the terminal; throws Error{ambiguous} for "no" and without a terminal and --yes.
void confirm(const cli::Context& context, bool yes, const std::string& question);

/// One VM of a batch, in its worker.
class Job {
  public:
    Job(lab::VmTarget& vm, const BatchOptions& options, std::chrono::milliseconds timeout,
        const cli::Context& context);

    lab::VmTarget& vm;
    const bool dry_run, no_wait;
    const transport::TimePoint deadline;

    [[nodiscard]] xapi::Session& session() const { return vm.pool->session(); }
    [[nodiscard]] const xapi::Vm& record() const noexcept { return vm.record; }
    /// The VM as parameter.
    [[nodiscard]] xmlrpc::Value ref() const { return xapi::Session::value(vm.ref); }
    /// Reads the record again.
    const xapi::Vm& refresh();

    /// Async METHOD to its end; throws the Fault, Error{timeout} (the task is cancelled), and so
    /// on. With --no-wait it returns at once with the task's reference.
    xmlrpc::Value run(std::string_view method, xapi::Session::Params params);
    /// The same with a shorter wait of its own.
    xapi::TaskOutcome try_run(std::string_view method, xapi::Session::Params params,
                              std::chrono::milliseconds wait);

    /// Waits until no other operation is on the VM, saying on standard error what for: inside the
    /// server the wait would be silent and take up to two hours (xapi.md 1.5).
    void wait_until_free();
    void note(std::string_view words) const;

  private:
    const cli::Context& context_;
};

using VmWork = std::function<Row(Job&)>;

/// resolve() and run_items(): words that lead nowhere are failed rows, the others are served.
int run_vms(const Globals& globals, const lab::TargetOptions& targets, const BatchOptions& options,
            const BatchSpec& spec, const VmWork& work, cli::Context& context);
/// The same for VMs that were resolved already; their Pools must still live.
int run_vms(lab::Resolved resolved, const BatchOptions& options, const BatchSpec& spec,
            const VmWork& work, cli::Context& context);

/// The ToolInfo of a batch verb over VMs.
cli::ToolInfo batch_info(std::string_view name, std::string_view summary, std::string_view schema,
                         std::vector<cli::Example> examples);

} // namespace xvm
