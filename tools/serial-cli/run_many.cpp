// SPDX-License-Identifier: GPL-3.0-or-later
#include "run_many.hpp"

#include "start_broker.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/io/fd.hpp>
#include <xenlab/io/process.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <thread>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace xenlab::serial_cli {
namespace {

/// One of us. What it prints lies in memory until it has ended, so a slow reader of ours holds
/// nobody up.
struct Child {
    std::string target;
    io::Fd out{::memfd_create("stdout", MFD_CLOEXEC)}, err{::memfd_create("stderr", MFD_CLOEXEC)};
    pid_t pid = 0; // 0: not started, or ended
    bool ended = false;
    int code = 0;

    void start(const Globals& globals, const std::vector<std::string>& words)
    {
        std::vector<std::string> all{"serial-cli", "--jsonl", "-t", target};
        const auto pass_on = globals_but_target(globals);
        all.insert(all.end(), pass_on.begin(), pass_on.end());
        all.insert(all.end(), words.begin(), words.end());
        using io::ProcessOptions;
        pid =
            io::start_process("/proc/self/exe", all,
                              {.in = ProcessOptions::nothing, .out = out.get(), .err = err.get()});
    }

    bool collect()
    {
        int status = 0;
        if (::waitpid(pid, &status, WNOHANG) != pid)
            return false;
        code = WIFEXITED(status) ? WEXITSTATUS(status) : 125;
        ended = true;
        pid = 0;
        return true;
    }

    [[nodiscard]] static std::string text_of(const io::Fd& file)
    {
        std::string text;
        std::array<char, 65536> buffer{};
        for (ssize_t count = 0; (count = ::pread(file.get(), buffer.data(), buffer.size(),
                                                 static_cast<off_t>(text.size()))) > 0;)
            text.append(buffer.data(), static_cast<std::size_t>(count));
        return text;
    }

    [[nodiscard]] nlohmann::ordered_json row() const
    {
        auto printed = nlohmann::ordered_json::parse(text_of(out), nullptr, false);
        if (printed.is_object() && printed.contains("rc"))
            return printed;
        return {{"schema", "serial-cli.run/1"},
                {"name", text::printable(target)},
                {"rc", code},
                {"stdout", ""},
                {"stderr", ""},
                {"error", text::printable(std::string(text::trim(text_of(err))))}};
    }
};

int common_code(const std::vector<Child>& children)
{
    bool all_failed = true, all_well = true, alike = true;
    for (const Child& child : children) {
        all_well = all_well && child.code == 0;
        all_failed = all_failed && child.code != 0;
        alike = alike && child.code == children.front().code;
    }
    if (all_well || (all_failed && alike))
        return children.front().code;
    return exit_code(all_failed ? Errc::failed : Errc::partial);
}

} // namespace

int run_many(const Globals& globals, const std::vector<std::string>& words, unsigned parallel,
             cli::Context& context)
{
    std::vector<Child> children(globals.targets.size());
    for (std::size_t i = 0; i < children.size(); ++i)
        children[i].target = globals.targets[i];
    std::size_t next = 0, printed = 0;
    unsigned running = 0;
    bool stopping = false;
    while (printed < children.size() && !(stopping && running == 0)) {
        if (context.stop.stop_requested() && !std::exchange(stopping, true))
            for (const Child& child : children)
                if (child.pid != 0)
                    ::kill(child.pid, SIGTERM);
        for (; !stopping && running < parallel && next < children.size(); ++next, ++running)
            children[next].start(globals, words);
        for (Child& child : children)
            if (child.pid != 0 && child.collect())
                --running;
        for (; printed < children.size() && children[printed].ended; ++printed)
            context.out().write(
                as_view(children[printed].row().dump(
                            -1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
                        "\n"));
        context.out().flush();
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    if (stopping)
        throw Error(Errc::interrupted, "interrupted");
    return common_code(children);
}

} // namespace xenlab::serial_cli
