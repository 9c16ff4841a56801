// SPDX-License-Identifier: GPL-3.0-or-later
#include "upload.hpp"

namespace xenlab::transfer {
namespace {

constexpr std::chrono::seconds time_to_connect{60};

} // namespace

Upload::Upload(lab::Pool& pool, xapi::TransferRequest request, Task& task, Watchdog& watchdog)
    : watchdog_(watchdog), sized_(request.content_length.has_value())
{
    request.method = "PUT";
    request.task = task.ref();
    request.stop = watchdog.stop();
    try {
        stream_.emplace(xapi::start_transfer(pool.session(), std::move(request),
                                             transport::deadline_in(time_to_connect))
                            .stream);
    } catch (const Error& error) {
        // A refusal is a page or bare headers; its reason stands in the task.
        if (error.code() == Errc::failed || error.code() == Errc::not_found)
            if (const auto fault = task.failure(std::chrono::seconds(1)))
                throw *fault;
        throw;
    }
    task.begun();
}

template <typename Send>
void Upload::send(const Send& what)
{
    if (ended_)
        return;
    watchdog_.wait_begins();
    try {
        what();
        watchdog_.wait_ends();
    } catch (const Error& error) {
        watchdog_.wait_ends();
        if (error.code() == Errc::interrupted && !watchdog_.task_ended()) {
            watchdog_.check();
            throw;
        }
        if (error.code() != Errc::unreachable && error.code() != Errc::interrupted)
            throw;
        ended_ = true;
    }
}

void Upload::write(std::span<const std::byte> data)
{
    send([&] { stream_->write(data, transport::no_deadline); });
    if (!ended_)
        sent_ += data.size();
}

void Upload::finish()
{
    if (!sized_)
        send([&] { stream_->end_body(transport::deadline_in(std::chrono::seconds(60))); });
}

void await_verdict(Task& task, bool early, std::chrono::milliseconds patience)
{
    task.verdict(early ? std::min<std::chrono::milliseconds>(patience, std::chrono::minutes(1))
                       : patience);
    if (early)
        throw Error(Errc::failed, "the server ended the upload before all was sent");
}

} // namespace xenlab::transfer
