// SPDX-License-Identifier: GPL-3.0-or-later
#include "host_link.hpp"

#include <xenlab/base/error.hpp>

#include <condition_variable>
#include <mutex>

namespace vifcap {

using namespace xenlab;
using namespace std::chrono_literals;

HostLink::HostLink(HostLinkOptions options, std::function<void(HostNews)> news)
    : options_(std::move(options)), news_(std::move(news)),
      thread_([this](const std::stop_token& stop) { run(stop); })
{
}

HostLink::~HostLink() = default;

/// Connects and watches until that breaks.
Error HostLink::watch(const std::stop_token& stop)
{
    std::shared_ptr<transport::SshSession> session =
        transport::connect_ssh(options_.target, options_.ssh, stop);
    std::mutex mutex;
    std::condition_variable_any changed;
    std::optional<Error> ended;
    const follow::HostWatch watch(
        *session, {.more = options_.interfaces, .interval = 100ms},
        [&](const follow::HostView& view) {
            was_there_ = true;
            HostNews news;
            news.session = session;
            news.view = view;
            news_(std::move(news));
        },
        [&](const Error& error) {
            const std::lock_guard lock(mutex);
            ended = error;
            changed.notify_all();
        });
    std::unique_lock lock(mutex);
    if (!changed.wait(lock, stop, [&] { return ended.has_value(); }))
        return {Errc::interrupted, "interrupted"};
    return *ended;
}

void HostLink::run(const std::stop_token& stop)
{
    auto since = std::chrono::steady_clock::now();
    for (;;) {
        Error failure(Errc::failed, "");
        const bool first = !was_there_;
        const auto began = std::chrono::steady_clock::now();
        try {
            failure = watch(stop);
        } catch (const Error& error) {
            failure = error;
        }
        if (stop.stop_requested())
            return;
        const auto now = std::chrono::steady_clock::now();
        if (was_there_ && now - began > 5s)
            since = now; // it worked for a while
        HostNews news;
        // A host that never answered, or shows another key, is not waited for.
        const bool give_up =
            first && !was_there_ ? true
            : failure.code() != Errc::timeout &&
                    std::string_view(failure.what()).find("host key") != std::string_view::npos
                ? true
                : now - since > options_.patience;
        (give_up ? news.failed : news.lost) = failure;
        news_(std::move(news));
        if (give_up)
            return;
        std::mutex mutex;
        std::condition_variable_any never;
        std::unique_lock lock(mutex);
        never.wait_for(lock, stop, 500ms, [] { return false; });
        if (stop.stop_requested())
            return;
    }
}

} // namespace vifcap
