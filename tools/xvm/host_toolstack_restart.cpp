// SPDX-License-Identifier: GPL-3.0-or-later
// xvm host toolstack-restart: one host after the other, members first and the coordinator last,
// each until XAPI answers again. Done is when agent_start_time has grown and the host is enabled as
// before (xapi.md 3.1); when XAPI does not answer at all, the script on the host is run over SSH.
#include "listing.hpp"
#include "pool_view.hpp"
#include "rows.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/transport/ssh.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace xvm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::minutes usual_limit{5};
constexpr std::chrono::milliseconds look_again{500};
constexpr std::chrono::minutes script_time{2};
constexpr std::chrono::seconds port_time{3};

struct Options {
    std::vector<std::string> hosts;
    std::string ssh = "auto";
    bool force = false;
    ChangeOptions change;
    std::chrono::milliseconds ssh_after{std::chrono::seconds(90)};
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("HOST", o.hosts,
                   "Hosts: name, uuid, start of a uuid, 'glob*'; '*' is the whole pool")
        .type_name("HOST")
        .required();
    set.add_choice("--ssh", o.ssh, {"auto", "never", "only"},
                   "Over SSH: when XAPI does not answer (auto), never, or at once (only)");
    set.add_duration("--ssh-after", o.ssh_after,
                     "How long the toolstack may take before SSH is tried (default 90s)");
    set.add_flag("--force", o.force, "Even when tasks are running, which it would end");
    declare_change_options(set, o.change, false);
}

void pause(const cli::Context& context)
{
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, context.stop, look_again, [] { return false; });
    if (context.stop.stop_requested())
        throw Error(
            Errc::interrupted, "interrupted",
            "the toolstack goes on restarting by itself; xvm host ls shows when it is back");
}

/// Seconds since 1970, as text with a fraction; 0 when the host does not say.
double start_time(const xapi::Host& host)
{
    const std::string text = value_of(host.other_config, "agent_start_time");
    return static_cast<double>(
        text::parse_u64(std::string_view(text).substr(0, text.find('.'))).value_or(0));
}

/// Runs xe-toolstack-restart on a host. Throws Error{unreachable}, Error{failed}.
void restart_over_ssh(const std::string& destination, const cli::Context& context)
{
    const auto session = transport::connect_ssh(
        transport::parse_ssh_target(destination),
        {.config_file = {}, .note = [&](std::string_view words) { context.note(words); }},
        context.stop);
    const auto done =
        transport::run_ssh(*session, "xe-toolstack-restart",
                           {.input = {}, .stop = context.stop, .timeout = script_time});
    if (!done.exit.ok())
        throw Error(Errc::failed,
                    fmt::format("xe-toolstack-restart on {}: {}{}", session->peer(),
                                transport::describe(done.exit),
                                done.err.empty()
                                    ? std::string()
                                    : ": " + text::printable(text::trim(done.err).substr(0, 200))));
}

/// The host's record as soon as the pool gives it; nothing while it cannot. The session waits by
/// itself for a server that has gone, for longer than we want to, so the port is tried first.
std::optional<xapi::Host> ask(lab::Pool& pool, const xapi::Ref<xapi::Host>& ref,
                              const std::stop_token& stop)
{
    try {
        const xapi::Endpoint coordinator = pool.session().coordinator();
        static_cast<void>(transport::connect_tcp(coordinator.host, coordinator.port,
                                                 transport::deadline_in(port_time), stop));
        return pool.session().get_record(ref);
    } catch (const xapi::Fault& fault) {
        if (fault.code() != Errc::unreachable)
            throw;
    } catch (const Error& error) {
        if (error.code() != Errc::unreachable && error.code() != Errc::timeout &&
            error.code() != Errc::bad_data)
            throw;
    }
    return std::nullopt;
}

class Restart {
  public:
    Restart(lab::Pool& pool, const xapi::Object<xapi::Host>& host, const Options& o,
            const cli::Context& context)
        : pool_(pool), host_(host), o_(o), context_(context), before_(start_time(host.record)),
          begun_(Clock::now()),
          deadline_(transport::deadline_in(context.shared.timeout.count() > 0
                                               ? context.shared.timeout
                                               : std::chrono::milliseconds(usual_limit)))
    {
    }

    Done run()
    {
        bool by_ssh = o_.ssh == "only";
        if (by_ssh) {
            restart_over_ssh(pool_.ssh_destination(host_), context_);
        } else {
            try {
                pool_.session().call("host.restart_agent", {value(host_.ref)});
            } catch (const transport::RequestLost&) {
                // It was on its way; whether it arrived shows below.
            }
        }
        while (true) {
            const auto now = ask(pool_, host_.ref, context_.stop);
            if (now && start_time(*now) > before_ && (now->enabled || !host_.record.enabled))
                return {.message = fmt::format("XAPI answers again after {:.0f} s{}", seconds(),
                                               by_ssh ? ", restarted over SSH" : "")};
            if (Clock::now() >= deadline_)
                throw Error(Errc::timeout,
                            now ? "the toolstack did not come back as it should"
                                : "XAPI does not answer yet",
                            "log in to the host and see: systemctl status xapi; tail "
                            "/var/log/xensource.log");
            if (!by_ssh && o_.ssh == "auto" && Clock::now() - begun_ >= o_.ssh_after) {
                context_.note(
                    fmt::format("the toolstack is not back after {:.0f} s: trying SSH", seconds()));
                restart_over_ssh(pool_.ssh_destination(host_), context_);
                by_ssh = true;
            }
            pause(context_);
        }
    }

  private:
    [[nodiscard]] double seconds() const
    {
        return std::chrono::duration<double>(Clock::now() - begun_).count();
    }

    lab::Pool& pool_;
    const xapi::Object<xapi::Host>& host_;
    const Options& o_;
    const cli::Context& context_;
    const double before_;
    const Clock::time_point begun_;
    const transport::TimePoint deadline_;
};

/// Tasks that a restart of the coordinator would end.
void refuse_tasks(PoolView& view, const Options& o)
{
    std::vector<std::string> running;
    for (const auto& task : view.all<xapi::Task>())
        if (task.record.pending())
            running.push_back(text::quoted(task.record.name_label));
    if (!running.empty() && !o.force)
        throw Error(Errc::precondition,
                    fmt::format("{} task{} running: {}", running.size(),
                                running.size() == 1 ? " is" : "s are", fmt::join(running, ", ")),
                    "wait for them (xvm task wait), or end them with --force");
}

/// XAPI is dead before we begin: the host we were told of, over SSH, then wait for a login.
int revive(lab::Pools& pools, lab::Pool& pool, const Error& failure, const Options& o,
           cli::Context& context)
{
    static_cast<void>(pools);
    const xapi::Endpoint endpoint = xapi::parse_endpoint(pool.config().host);
    const std::string& given = o.hosts.front();
    if (o.hosts.size() != 1 || o.ssh == "never")
        throw failure.with_hint("XAPI does not answer; name one host, and SSH is tried");
    std::string destination = "root@" + endpoint.host;
    if (const auto ssh = pool.config().ssh.find(given); ssh != pool.config().ssh.end())
        destination = ssh->second;
    Rows rows(context, "xvm.host.toolstack-restart/1", o.change);
    rows.run(pool, given, "", [&]() -> Done {
        context.note(fmt::format("XAPI does not answer ({}): trying SSH", failure.what()));
        if (o.change.dry_run)
            return {.message = "would run xe-toolstack-restart on " + text::printable(destination)};
        const auto begun = Clock::now();
        restart_over_ssh(destination, context);
        const auto deadline = transport::deadline_in(context.shared.timeout.count() > 0
                                                         ? context.shared.timeout
                                                         : std::chrono::milliseconds(usual_limit));
        while (true) {
            try {
                static_cast<void>(pool.session().get_all<xapi::Pool>());
                return {.message = fmt::format(
                            "XAPI answers again after {:.0f} s, restarted over SSH",
                            std::chrono::duration<double>(Clock::now() - begun).count())};
            } catch (const Error& error) {
                if (error.code() != Errc::unreachable && error.code() != Errc::timeout)
                    throw;
                if (Clock::now() >= deadline)
                    throw Error(Errc::timeout, "XAPI does not answer yet");
            }
            pause(context);
        }
    });
    return rows.finish();
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    lab::Pool& pool = pools.single();
    PoolView view(pool);
    std::vector<const xapi::Object<xapi::Host>*> hosts;
    try {
        hosts = pick<xapi::Host>(view, "host", o.hosts, context.stop);
    } catch (const xapi::Fault& fault) {
        if (!fault.is("HOST_STILL_BOOTING"))
            throw;
        return revive(pools, pool, fault, o, context);
    } catch (const Error& error) {
        if (error.code() != Errc::unreachable && error.code() != Errc::timeout)
            throw;
        return revive(pools, pool, error, o, context);
    }
    refuse_tasks(view, o);
    const auto& pool_records = view.all<xapi::Pool>();
    std::stable_partition(hosts.begin(), hosts.end(), [&](const auto* host) {
        return pool_records.empty() || pool_records.front().record.master != host->ref;
    });
    Rows rows(context, "xvm.host.toolstack-restart/1", o.change);
    for (const auto* host : hosts)
        rows.run(pool, host->record.name_label, host->record.uuid, [&]() -> Done {
            if (o.change.dry_run)
                return {.message = "would restart its toolstack; VMs go on"};
            return Restart(pool, *host, o, context).run();
        });
    return rows.finish();
}

} // namespace

Verb host_toolstack_restart_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "host toolstack-restart",
         .summary = "restart the toolstacks of hosts, and wait until they are back",
         .schema = "xvm.host.toolstack-restart/1",
         .formats = row_formats,
         .columns = batch_columns(),
         .timeout_option = true,
         .examples = {{"xvm host toolstack-restart '*' --dry-run",
                       "In which order the hosts of the pool would be done"}},
         .completes = {"HOST", "CONTEXT"}},
        declare, run);
}

} // namespace xvm
