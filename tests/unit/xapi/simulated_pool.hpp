// SPDX-License-Identifier: GPL-3.0-or-later
// The simulated pool (tests/sim) for one test, and a session on it.
#pragma once

#include <xenlab/transport/trust.hpp>
#include <xenlab/xapi/session.hpp>

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <memory>
#include <spawn.h>
#include <string>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace xenlab::xapi::test {

class SimulatedPool {
  public:
    explicit SimulatedPool(const std::string& arguments)
    {
        std::array<int, 2> in{};
        std::array<int, 2> out{};
        if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0)
            return;
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, in[0], 0);
        ::posix_spawn_file_actions_adddup2(&actions, out[1], 1);
        std::string command = "exec python3 '" XENLAB_TEST_DATA "/../sim/xapi-sim' " + arguments;
        std::string shell = "sh";
        std::string option = "-c";
        const std::array<char*, 4> words{shell.data(), option.data(), command.data(), nullptr};
        if (::posix_spawnp(&child_, "sh", &actions, nullptr, words.data(), environ) != 0)
            child_ = -1;
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(in[0]);
        ::close(out[1]);
        keep_ = in[1];
        char c = '\0';
        while (::read(out[0], &c, 1) == 1 && c != '\n')
            ready_ += c;
        ::close(out[0]);
    }
    ~SimulatedPool()
    {
        ::close(keep_);
        if (child_ > 0)
            ::waitpid(child_, nullptr, 0);
    }
    SimulatedPool(const SimulatedPool&) = delete;
    SimulatedPool& operator=(const SimulatedPool&) = delete;

    [[nodiscard]] bool runs() const { return !ready_.empty(); }

    SessionOptions options() const
    {
        SessionOptions options;
        options.endpoint = parse_endpoint(value("url"));
        options.credentials = [file = value("password_file")] {
            std::string password;
            std::getline(std::ifstream(file), password);
            return std::pair(std::string("root"), Secret(password));
        };
        return options;
    }
    transport::Verifier::Options trust() const
    {
        return {.pin_file = {},
                .expected_pin = value("pin").substr(7),
                .note = {},
                .accept_command = {}};
    }

  private:
    [[nodiscard]] std::string value(const std::string& name) const
    {
        const std::string front = "\"" + name + "\": \"";
        const std::size_t at = ready_.find(front) + front.size();
        return ready_.substr(at, ready_.find('"', at) - at);
    }

    pid_t child_ = -1;
    int keep_ = -1;
    std::string ready_;
};

} // namespace xenlab::xapi::test
