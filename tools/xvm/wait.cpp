// SPDX-License-Identifier: GPL-3.0-or-later
// xvm wait: until VMs are in a state, have an address, answer on a port. One event loop watches all
// of them; only ports are tried, once a second each.
#include "batch.hpp"
#include "vm_watch.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace xvm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds between_tries{1};
constexpr std::chrono::seconds longest_connect{3};

struct Condition {
    enum class Kind { state, ip, tools, tcp, gone };
    Kind kind = Kind::state;
    std::string word;  ///< as given
    std::string state; ///< "Running"
    std::uint16_t port = 0;
};

struct Options {
    lab::TargetOptions targets;
    BatchOptions batch;
    std::vector<std::string> conditions;
    bool any = false;
};

void declare(cli::OptionSet& set, Options& o)
{
    lab::declare_target_options(set, o.targets, lab::Many::some);
    set.add_option("--for", o.conditions,
                   "What to wait for: state=halted|running|paused|suspended, ip, tools, tcp:PORT, "
                   "gone; several: all of them (default state=running)")
        .type_name("CONDITION")
        .one_at_a_time();
    set.add_flag("--any", o.any, "Enough when one of several conditions holds");
    declare_batch_options(set, o.batch);
}

Condition parse(const std::string& word)
{
    using Kind = Condition::Kind;
    // The serial port has one reader, serial-cli or its broker, which knows how to wait for text.
    const Error wrong(Errc::usage, fmt::format("--for {}: no such condition", text::quoted(word)),
                      word.starts_with("serial:")
                          ? "serial-cli -t vm:NAME wait-for REGEX does that"
                          : "it is state=STATE, ip, tools, tcp:PORT or gone");
    Condition condition{.word = word};
    if (word.starts_with("state=")) {
        static constexpr std::array<std::string_view, 4> states{"Halted", "Running", "Paused",
                                                                "Suspended"};
        for (const std::string_view state : states)
            if (text::to_lower(state) == text::to_lower(word.substr(6)))
                condition.state = state;
        if (condition.state.empty())
            throw wrong;
    } else if (word == "halted" || word == "running") {
        return parse("state=" + word);
    } else if (word == "ip") {
        condition.kind = Kind::ip;
    } else if (word == "tools") {
        condition.kind = Kind::tools;
    } else if (word == "gone") {
        condition.kind = Kind::gone;
    } else if (word.starts_with("tcp:")) {
        const auto port = text::parse_u64(word.substr(4));
        if (!port || *port == 0 || *port > 65535)
            throw wrong;
        condition.kind = Kind::tcp;
        condition.port = static_cast<std::uint16_t>(*port);
    } else {
        throw wrong;
    }
    return condition;
}

/// Whether a port of the guest takes connections.
bool answers(const std::string& address, std::uint16_t port, const std::stop_token& stop)
{
    try {
        transport::connect_tcp(address, port, transport::deadline_in(longest_connect), stop);
        return true;
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted)
            throw;
        return false;
    }
}

class Waiter {
  public:
    Waiter(Job& job, const std::vector<Condition>& conditions, bool any)
        : job_(job), conditions_(conditions), any_(any), holds_(conditions.size())
    {
    }
    Row wait(VmWatch& watch);

  private:
    bool holds(std::size_t i, const VmWatch::State& state);
    void look(const VmWatch::State& state);
    [[nodiscard]] bool done() const;
    [[nodiscard]] bool hopeless(const VmWatch::State& state) const;
    [[nodiscard]] std::string missing() const;

    Job& job_;
    const std::vector<Condition>& conditions_;
    bool any_;
    std::vector<bool> holds_;
    std::string address_;
};

bool Waiter::holds(std::size_t i, const VmWatch::State& state)
{
    using Kind = Condition::Kind;
    const Condition& condition = conditions_[i];
    if (condition.kind == Kind::gone)
        return state.gone;
    if (state.gone)
        return false;
    if (condition.kind == Kind::state)
        return state.vm.power_state == condition.state;
    if (state.vm.power_state != "Running" || !state.guest)
        return false;
    if (condition.kind == Kind::tools)
        return state.guest->PV_drivers_detected;
    const auto addresses = state.guest->addresses();
    if (!addresses.empty())
        address_ = addresses.front();
    if (condition.kind == Kind::ip)
        return !addresses.empty();
    // A port that answered once counts until the VM stops.
    return !addresses.empty() &&
           (holds_[i] || answers(addresses.front(), condition.port, job_.session().stop()));
}

void Waiter::look(const VmWatch::State& state)
{
    for (std::size_t i = 0; i < conditions_.size(); ++i)
        holds_[i] = holds(i, state);
}

bool Waiter::done() const
{
    return any_ ? std::find(holds_.begin(), holds_.end(), true) != holds_.end()
                : std::find(holds_.begin(), holds_.end(), false) == holds_.end();
}

/// A halted VM on which nothing is in progress will not get an address, however long one waits.
bool Waiter::hopeless(const VmWatch::State& state) const
{
    return !any_ && !state.gone && state.vm.power_state != "Running" &&
           state.vm.current_operations.empty() &&
           std::any_of(conditions_.begin(), conditions_.end(), [](const Condition& condition) {
               return condition.kind == Condition::Kind::ip ||
                      condition.kind == Condition::Kind::tools ||
                      condition.kind == Condition::Kind::tcp;
           });
}

std::string Waiter::missing() const
{
    std::string words;
    for (std::size_t i = 0; i < conditions_.size(); ++i)
        if (!holds_[i])
            words += (words.empty() ? "" : ", ") + text::printable(conditions_[i].word);
    return words;
}

Row Waiter::wait(VmWatch& watch)
{
    std::uint64_t version = 0;
    while (true) {
        const bool tries_ports =
            std::any_of(conditions_.begin(), conditions_.end(), [](const Condition& condition) {
                return condition.kind == Condition::Kind::tcp;
            });
        auto until = job_.deadline;
        if (tries_ports && version > 0)
            until = std::min<transport::TimePoint>(until, Clock::now() + between_tries);
        const auto state = watch.next(job_.vm.ref, version, until, job_.session().stop());
        if (state) {
            look(*state);
            if (done())
                return ok(address_);
            if (state->gone)
                throw Error(Errc::not_found, "the VM is gone");
            if (hopeless(*state))
                throw Error(Errc::precondition,
                            fmt::format("is {}, so waiting for {} is of no use",
                                        text::to_lower(state->vm.power_state), missing()),
                            "xvm start it first");
        }
        if (Clock::now() >= job_.deadline)
            throw Error(Errc::timeout, fmt::format("waited in vain for {}", missing()),
                        "wait longer with --timeout");
    }
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    std::vector<Condition> conditions;
    for (const std::string& list : o.conditions)
        for (const std::string_view word : text::split(list, ','))
            conditions.push_back(parse(std::string(word)));
    if (conditions.empty())
        conditions.push_back(parse("state=running"));
    lab::Pools pools = open_pools(globals, context);
    lab::Resolved resolved = lab::resolve(pools, o.targets, lab::Many::some, context.stop);
    std::map<lab::Pool*, std::vector<xapi::Ref<xapi::Vm>>> refs;
    for (const lab::VmTarget& vm : resolved.vms)
        refs[vm.pool].push_back(vm.ref);
    std::map<lab::Pool*, VmWatch> watches;
    if (!o.batch.dry_run)
        for (const auto& [pool, vms] : refs)
            watches.try_emplace(pool, *pool, vms);
    // Waiting costs nothing, so all VMs are waited for at once.
    const BatchSpec spec{
        .schema = "xvm.wait/1", .parallel = 1000, .timeout = std::chrono::minutes(5)};
    return run_vms(
        std::move(resolved), o.batch, spec,
        [&](Job& job) {
            if (job.dry_run)
                return ok("would wait");
            return Waiter(job, conditions, o.any).wait(watches.at(job.vm.pool));
        },
        context);
}

} // namespace

Verb wait_verb()
{
    return cli::make_verb<Globals, Options>(
        batch_info("wait", "wait until VMs are in a state, have an address, answer on a port",
                   "xvm.wait/1",
                   {{"xvm wait 'web*' --for state=running --timeout 5m", "Until all run"},
                    {"xvm wait web1 --for ip", "Until its address is known, which is printed"}}),
        declare, run);
}

} // namespace xvm
