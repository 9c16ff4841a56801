// SPDX-License-Identifier: GPL-3.0-or-later
#include "complete.hpp"

#include "iso_view.hpp"

#include <xenlab/lab/names.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace xvm {
namespace {

constexpr std::chrono::seconds fresh{60};
constexpr std::chrono::hours any_age{24 * 30};
constexpr std::chrono::milliseconds patience{700}; // nobody waits longer for TAB

/// Requests the stop of a token after some time.
class Alarm {
  public:
    explicit Alarm(std::chrono::milliseconds delay)
        : thread_([this, delay](const std::stop_token& over) {
              std::mutex mutex;
              std::condition_variable_any wake;
              std::unique_lock lock(mutex);
              wake.wait_for(lock, over, delay, [] { return false; });
              if (!over.stop_requested())
                  source_.request_stop();
          })
    {
    }
    [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

  private:
    std::stop_source source_;
    std::jthread thread_; ///< last: joined first
};

/// Asks the pool, which keeps the names for the next time.
void refresh(lab::Pools& pools, lab::Pool& pool, std::string_view kind)
{
    if (kind == "VM") {
        lab::resolve(pools, {}, lab::Many::any, pools.stop());
    } else if (kind == "HOST") {
        pool.hosts();
    } else if (kind == "ISO") {
        std::vector<lab::KnownName> names;
        for (const Iso& iso : isos_of(pool))
            names.push_back({"ISO", iso.record.name_label, iso.record.uuid, iso.sr});
        lab::remember_names(pool.names_file(), "ISO", names);
    } else if (kind == "SR") {
        std::vector<lab::KnownName> names;
        for (const auto& sr : pool.session().get_all<xapi::Sr>())
            names.push_back({"SR", sr.record.name_label, sr.record.uuid, sr.record.type});
        lab::remember_names(pool.names_file(), "SR", names);
    }
}

std::vector<lab::KnownName> of_kind(const std::optional<std::vector<lab::KnownName>>& names,
                                    std::string_view kind)
{
    std::vector<lab::KnownName> found;
    if (names)
        for (const lab::KnownName& name : *names)
            if (name.class_name == kind)
                found.push_back(name);
    return found;
}

std::vector<lab::KnownName> names_of(lab::Pools& pools, lab::Pool& pool, std::string_view kind)
{
    const std::string file = pool.names_file();
    std::vector<lab::KnownName> names = of_kind(lab::known_names(file, fresh), kind);
    if (!names.empty())
        return names;
    try {
        refresh(pools, pool, kind);
    } catch (const Error&) { // NOLINT(bugprone-empty-catch): old names are better than none
    }
    return of_kind(lab::known_names(file, any_age), kind);
}

} // namespace

std::vector<cli::Candidate> complete(const Globals& globals, const cli::CompletionRequest& request)
{
    const Alarm alarm(patience);
    Globals quiet = globals;
    quiet.connect.never_ask = true;
    lab::Pools pools(quiet.connect, {}, alarm.token());
    std::vector<cli::Candidate> candidates;
    if (request.value == "CONTEXT") {
        for (const lab::ContextConfig& context : pools.config().contexts)
            candidates.push_back({context.name, context.host});
        return candidates;
    }
    for (lab::Pool* pool : pools.chosen())
        for (lab::KnownName& known : names_of(pools, *pool, request.value))
            candidates.push_back({std::move(known.name), std::move(known.words)});
    return candidates;
}

} // namespace xvm
