// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef _WIN32
#include "posix.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <grp.h>
#include <map>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

namespace xenlab::agent {
namespace {

struct Pipe {
    Descriptor read_end, write_end;
    Pipe()
    {
        std::array<int, 2> fds{};
        if (::pipe2(fds.data(), O_CLOEXEC) != 0)
            throw SystemFailure(126, std::string("pipe: ") + std::strerror(errno));
        read_end = Descriptor(fds[0]);
        write_end = Descriptor(fds[1]);
    }
};

/// Signals that a child ended; also collects orphans of our children, whose parent we become.
class Reaper {
  public:
    static Reaper& instance()
    {
        static Reaper reaper;
        return reaper;
    }
    [[nodiscard]] int fd() const { return pipe_.read_end.get(); }
    void watch(pid_t pid) { ended_[pid] = std::nullopt; }
    void forget(pid_t pid) { ended_.erase(pid); }
    std::optional<int> status(pid_t pid)
    {
        int status = 0;
        for (pid_t one = 0; (one = ::waitpid(-1, &status, WNOHANG)) > 0;) {
            const auto found = ended_.find(one);
            if (found != ended_.end())
                found->second = status;
        }
        const auto found = ended_.find(pid);
        return found == ended_.end() ? std::nullopt : found->second;
    }

  private:
    Reaper()
    {
        ::fcntl(pipe_.read_end.get(), F_SETFL, O_NONBLOCK);
        ::fcntl(pipe_.write_end.get(), F_SETFL, O_NONBLOCK);
        wake_fd = pipe_.write_end.get();
        struct sigaction action {};
        action.sa_handler = [](int) {
            const int saved = errno;
            [[maybe_unused]] const ssize_t ignored = ::write(wake_fd, "", 1);
            errno = saved;
        };
        action.sa_flags = SA_RESTART | SA_NOCLDSTOP;
        ::sigaction(SIGCHLD, &action, nullptr);
        ::signal(SIGPIPE, SIG_IGN);
#ifdef PR_SET_CHILD_SUBREAPER
        ::prctl(PR_SET_CHILD_SUBREAPER, 1); // since Linux 3.4; without it orphans go to init
#endif
    }
    static inline volatile sig_atomic_t wake_fd = -1;
    Pipe pipe_;
    std::map<pid_t, std::optional<int>> ended_;
};

std::vector<std::string> environment_for(const ExecSpec& spec,
                                         const std::optional<Account>& account)
{
    std::vector<std::string> all;
    const auto set = [&](const std::string& entry) {
        const std::string name = entry.substr(0, entry.find('=') + 1);
        std::erase_if(
            all, [&](const std::string& old) { return old.compare(0, name.size(), name) == 0; });
        all.push_back(entry);
    };
    // A service manager or init starts us with next to nothing.
    all.emplace_back("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    all.emplace_back("HOME=/root");
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
        set(*entry);
    if (account) {
        set("HOME=" + account->home);
        set("USER=" + account->name);
        set("LOGNAME=" + account->name);
        set("SHELL=" + account->shell);
    }
    if (spec.terminal)
        set("TERM=linux");
    for (const std::string& entry : spec.environment)
        if (entry.find('=') != std::string::npos)
            set(entry);
    set("XENLAB_EXEC=" + spec.mark);
    return all;
}

std::vector<std::string> command_line(const ExecSpec& spec)
{
    if (spec.command.empty())
        return spec.argv;
    std::string shell = spec.shell.empty() ? "sh" : spec.shell;
    if (shell == "ps")
        return {"pwsh", "-NonInteractive", "-Command", spec.command};
    if (shell == "sh")
        shell = "/bin/sh";
    return {shell, "-c", spec.command};
}

std::vector<char*> pointers(std::vector<std::string>& texts)
{
    std::vector<char*> all;
    for (std::string& text : texts)
        all.push_back(text.data());
    all.push_back(nullptr);
    return all;
}

enum class Step : int { directory, user, exec };

[[noreturn]] void give_up(int fd, Step step)
{
    const std::array<int, 2> report{static_cast<int>(step), errno};
    [[maybe_unused]] const ssize_t ignored = ::write(fd, report.data(), sizeof report);
    ::_exit(127);
}

class PosixChild final : public Child {
  public:
    explicit PosixChild(const ExecSpec& spec) : mark_(spec.mark)
    {
        std::optional<Account> account;
        if (!spec.user.empty() && !(account = find_account(spec.user)))
            throw SystemFailure(126, spec.user + ": no such user");
        Reaper::instance();
        auto environment = environment_for(spec, account);
        auto arguments = command_line(spec);
        auto environment_pointers = pointers(environment);
        auto argument_pointers = pointers(arguments);
        Pipe input, output, errors, report;
        if (spec.terminal)
            open_terminal(spec);
        pid_ = ::fork();
        if (pid_ < 0)
            throw SystemFailure(126, std::string("fork: ") + std::strerror(errno));
        if (pid_ == 0)
            run(spec, account, input, output, errors, report, argument_pointers,
                environment_pointers);
        Reaper::instance().watch(pid_);
        slave_.close();
        report.write_end.close();
        std::array<int, 2> failure{};
        ssize_t count = 0;
        do {
            count = ::read(report.read_end.get(), failure.data(), sizeof failure);
        } while (count < 0 && errno == EINTR);
        if (count == sizeof failure) {
            Reaper::instance().status(pid_);
            Reaper::instance().forget(pid_);
            explain(spec, arguments.front(), static_cast<Step>(failure[0]), failure[1]);
        }
        if (!spec.terminal) {
            in_ = std::move(input.write_end);
            out_ = std::move(output.read_end);
            err_ = std::move(errors.read_end);
            if (spec.no_stdin)
                in_.close();
        }
        for (const int fd : {in_.get(), out_.get(), err_.get(), master_.get()})
            if (fd >= 0)
                ::fcntl(fd, F_SETFL, O_NONBLOCK);
    }

    ~PosixChild() override
    {
        if (!PosixChild::ended())
            PosixChild::kill_tree();
        Reaper::instance().forget(pid_);
    }
    PosixChild(const PosixChild&) = delete;
    PosixChild& operator=(const PosixChild&) = delete;

    std::optional<std::size_t> read(Stream stream, std::span<std::byte> buffer) override
    {
        const int fd = master_ ? (stream == Stream::out ? master_.get() : -1)
                               : (stream == Stream::out ? out_.get() : err_.get());
        if (fd < 0)
            return std::nullopt;
        const ssize_t count = ::read(fd, buffer.data(), buffer.size());
        if (count > 0)
            return static_cast<std::size_t>(count);
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            return 0;
        return std::nullopt; // the end; a terminal says EIO
    }

    std::optional<std::size_t> write(View data) override
    {
        const int fd = master_ ? master_.get() : in_.get();
        if (fd < 0)
            return std::nullopt;
        const ssize_t count = ::write(fd, data.data(), data.size());
        if (count >= 0)
            return static_cast<std::size_t>(count);
        if (errno == EAGAIN || errno == EINTR)
            return 0;
        return std::nullopt;
    }

    void close_input() override
    {
        if (master_) {
            [[maybe_unused]] const ssize_t ignored = ::write(master_.get(), "\x04", 1);
        }
        in_.close();
    }

    std::optional<ExitStatus> ended() override
    {
        if (!status_)
            if (const auto raw = Reaper::instance().status(pid_))
                status_ = WIFSIGNALED(*raw)
                              ? ExitStatus{true, static_cast<std::uint32_t>(WTERMSIG(*raw))}
                              : ExitStatus{false, static_cast<std::uint32_t>(WEXITSTATUS(*raw))};
        return status_;
    }

    void send_signal(unsigned number) override
    {
        if (number > 0 && number < 65)
            ::kill(-pid_, static_cast<int>(number));
    }

    void kill_tree() override { kill_process_tree(pid_, mark_); }

    void resize(unsigned rows, unsigned columns) override
    {
        winsize size{};
        size.ws_row = static_cast<unsigned short>(std::min(rows, 1000U));
        size.ws_col = static_cast<unsigned short>(std::min(columns, 1000U));
        if (master_)
            ::ioctl(master_.get(), TIOCSWINSZ, &size);
    }

    [[nodiscard]] std::uint32_t pid() const override { return static_cast<std::uint32_t>(pid_); }
    void polls(std::vector<pollfd>& all, const ChildInterest& interest) const
    {
        const auto add = [&](int fd, short events) {
            if (fd >= 0 && events != 0)
                all.push_back({fd, events, 0});
        };
        const short in = interest.in ? POLLOUT : 0, out = interest.out ? POLLIN : 0;
        if (master_) {
            add(master_.get(), static_cast<short>(in | out));
            return;
        }
        add(in_.get(), in);
        add(out_.get(), out);
        add(err_.get(), interest.err ? POLLIN : 0);
    }

  private:
    void open_terminal(const ExecSpec& spec)
    {
        master_ = Descriptor(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
        int number = 0, unlock = 0;
        if (!master_ || ::ioctl(master_.get(), TIOCSPTLCK, &unlock) != 0 ||
            ::ioctl(master_.get(), TIOCGPTN, &number) != 0)
            throw SystemFailure(126, std::string("no pseudo-terminal: ") + std::strerror(errno));
        slave_ = Descriptor(
            ::open(("/dev/pts/" + std::to_string(number)).c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
        if (!slave_)
            throw SystemFailure(126, std::string("no pseudo-terminal: ") + std::strerror(errno));
        resize(spec.rows, spec.columns);
    }

    [[noreturn]] void run(const ExecSpec& spec, const std::optional<Account>& account, Pipe& input,
                          Pipe& output, Pipe& errors, Pipe& report, std::vector<char*>& arguments,
                          std::vector<char*>& environment) const
    {
        ::setsid();
        if (spec.terminal) {
            ::ioctl(slave_.get(), TIOCSCTTY, 0);
            for (const int fd : {0, 1, 2})
                ::dup2(slave_.get(), fd);
        } else {
            const int in = spec.no_stdin ? ::open("/dev/null", O_RDONLY) : input.read_end.get();
            ::dup2(in, 0);
            ::dup2(output.write_end.get(), 1);
            ::dup2(errors.write_end.get(), 2);
        }
        for (int number = 1; number < 32; ++number)
            ::signal(number, SIG_DFL);
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        const int fd = report.write_end.get();
        if (account) {
            if (::setgroups(account->groups.size(), account->groups.data()) != 0 ||
                ::setgid(account->gid) != 0 || ::setuid(account->uid) != 0)
                give_up(fd, Step::user);
        }
        const std::string& directory =
            spec.directory.empty() && account ? account->home : spec.directory;
        if (!directory.empty() && ::chdir(directory.c_str()) != 0)
            give_up(fd, Step::directory);
        environ = environment.data();
        ::execvp(arguments[0], arguments.data());
        give_up(fd, Step::exec);
    }

    [[noreturn]] static void explain(const ExecSpec& spec, const std::string& program, Step step,
                                     int error)
    {
        const std::string words = std::strerror(error);
        switch (step) {
        case Step::directory:
            throw SystemFailure(126, spec.directory + ": " + words);
        case Step::user:
            throw SystemFailure(126, spec.user + ": " + words);
        case Step::exec:
            break;
        }
        throw SystemFailure(error == ENOENT ? 127 : 126, program + ": " + words);
    }

    std::string mark_;
    pid_t pid_ = -1;
    Descriptor in_, out_, err_, master_, slave_;
    std::optional<ExitStatus> status_;
};

} // namespace

std::unique_ptr<Child> Child::start(const ExecSpec& spec)
{
    return std::make_unique<PosixChild>(spec);
}

int child_signal_fd()
{
    return Reaper::instance().fd();
}

void add_child_polls(std::vector<pollfd>& polls, const ChildInterest& interest)
{
    dynamic_cast<PosixChild&>(*interest.child).polls(polls, interest);
}

} // namespace xenlab::agent
#endif
