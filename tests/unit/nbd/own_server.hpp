// SPDX-License-Identifier: GPL-3.0-or-later
// Our server in a thread.
#pragma once

#include "scratch.hpp"

#include <xenlab/nbd/server.hpp>

#include <future>
#include <mutex>
#include <thread>

namespace xenlab::nbd::test {

inline Export pattern_export(std::uint64_t size, std::string name = "")
{
    return {.name = std::move(name), .description = "a pattern", .open = [size] {
                return std::make_unique<PatternDisk>(size);
            }};
}

class OwnServer {
  public:
    explicit OwnServer(std::vector<Export> exports, ServerOptions options = {})
        : exports_(std::move(exports)), options_(std::move(options))
    {
        options_.socket = socket();
        std::promise<void> ready;
        options_.ready = [&ready] { ready.set_value(); };
        options_.device_failed = [this](const Error& error) { note(device_errors_, error); };
        options_.client_failed = [this](const Error& error) { note(client_errors_, error); };
        thread_ =
            std::jthread([this](const std::stop_token& stop) { serve(exports_, options_, stop); });
        ready.get_future().wait();
    }

    [[nodiscard]] std::string socket() const { return scratch_.file("server.sock"); }
    [[nodiscard]] std::string uri(const std::string& name = "") const
    {
        return unix_uri(socket(), name);
    }
    [[nodiscard]] const Scratch& scratch() const { return scratch_; }
    void stop()
    {
        thread_.request_stop();
        thread_.join();
    }
    std::vector<Error> device_errors() { return copy(device_errors_); }
    std::vector<Error> client_errors() { return copy(client_errors_); }

  private:
    void note(std::vector<Error>& errors, const Error& error)
    {
        const std::lock_guard lock(mutex_);
        errors.push_back(error);
    }
    std::vector<Error> copy(const std::vector<Error>& errors)
    {
        const std::lock_guard lock(mutex_);
        return errors;
    }

    Scratch scratch_;
    std::vector<Export> exports_;
    ServerOptions options_;
    std::mutex mutex_;
    std::vector<Error> device_errors_;
    std::vector<Error> client_errors_;
    std::jthread thread_; ///< last: joined first
};

} // namespace xenlab::nbd::test
