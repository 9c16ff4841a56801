// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/lab/complete.hpp>
#include <xenlab/lab/names.hpp>
#include <xenlab/lab/targets.hpp>

#include <condition_variable>
#include <mutex>

namespace xenlab::lab {

Patience::Patience(std::chrono::milliseconds most)
    : thread_([this, most](const std::stop_token& over) {
          std::mutex mutex;
          std::condition_variable_any wake;
          std::unique_lock lock(mutex);
          wake.wait_for(lock, over, most, [] { return false; });
          if (!over.stop_requested())
              source_.request_stop();
      })
{
}

std::vector<cli::Candidate> complete_contexts(const ConnectOptions& connect)
{
    std::vector<cli::Candidate> candidates;
    const Pools pools(connect, {}, {});
    for (const ContextConfig& context : pools.config().contexts)
        candidates.push_back({context.name, context.host});
    return candidates;
}

std::vector<cli::Candidate> complete_vms(const ConnectOptions& connect, const std::stop_token& stop)
{
    ConnectOptions quiet = connect;
    quiet.never_ask = true;
    Pools pools(quiet, {}, stop);
    std::vector<cli::Candidate> candidates;
    for (Pool* pool : pools.chosen())
        for (KnownName& known : names_for_completion(pool->names_file(), "VM",
                                                     [&] { resolve(pools, {}, Many::any, stop); }))
            candidates.push_back({std::move(known.name), std::move(known.words)});
    return candidates;
}

} // namespace xenlab::lab
