// SPDX-License-Identifier: GPL-3.0-or-later
#include "credentials.hpp"

#include "paths.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/io/fd.hpp>
#include <xenlab/io/process.hpp>
#include <xenlab/lab/secret_source.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace xenlab::lab {
namespace {

constexpr std::size_t max_password = 4096;
constexpr std::chrono::seconds command_time{60}; // somebody may have to touch a security key

Secret first_line(std::string text, const std::string& where)
{
    text.resize(std::min(text.find_first_of("\r\n"), text.size()));
    if (text.empty())
        throw Error(Errc::usage, fmt::format("{}: no password in there", text::printable(where)));
    return Secret(std::move(text));
}

/// Reads until a line end, the end or `max_password` bytes.
std::string read_line(int fd, const std::string& where, const std::stop_token& stop)
{
    std::string line;
    std::array<char, 256> buffer{};
    while (line.find('\n') == std::string::npos && line.size() < max_password) {
        io::wait_readable(fd, stop);
        const ssize_t n = ::read(fd, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            throw system_error(errno, text::printable(where));
        if (n == 0)
            break;
        line.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return line;
}

Secret from_file(const std::string& given, const std::stop_token& stop)
{
    const std::string path = expand_home(given);
    const io::Fd fd = io::open_file(path, O_RDONLY);
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0)
        throw system_error(errno, text::printable(path));
    // A pipe, as in --password-file <(pass show lab), is private by nature.
    if (S_ISREG(info.st_mode) && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        throw Error(Errc::usage, fmt::format("{}: other users can read it", text::printable(path)),
                    fmt::format("chmod 600 {}", text::printable(path)));
    return first_line(read_line(fd.get(), path, stop), path);
}

Secret from_command(const std::string& command, const std::stop_token& stop)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        throw system_error(errno, "pipe");
    const io::Fd reading(ends[0]);
    io::Fd writing(ends[1]);
    const pid_t child = io::start_shell(command, {.out = writing.get()});
    writing.reset();
    std::string line;
    const auto until = std::chrono::steady_clock::now() + command_time;
    bool in_time = true;
    std::array<char, 256> buffer{};
    while (in_time && line.size() < max_password && !stop.stop_requested()) {
        pollfd wait{reading.get(), POLLIN, 0};
        if (::poll(&wait, 1, 100) > 0) {
            const ssize_t n = ::read(reading.get(), buffer.data(), buffer.size());
            if (n <= 0)
                break;
            line.append(buffer.data(), static_cast<std::size_t>(n));
        }
        in_time = std::chrono::steady_clock::now() < until;
    }
    if (!in_time || stop.stop_requested())
        ::kill(child, SIGTERM);
    const int status = io::wait_for_process(child);
    if (stop.stop_requested())
        throw Error(Errc::interrupted, "interrupted");
    if (!in_time)
        throw Error(Errc::timeout, "password-command: no password in time");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        throw Error(Errc::unreachable, "password-command failed",
                    "run it by hand to see why; it is in the config file");
    return first_line(std::move(line), "password-command");
}

/// `machine HOST login USER password WORD` of ~/.netrc.
std::optional<Secret> from_netrc(const std::string& host, const std::string& user)
{
    const char* file = std::getenv("NETRC");
    const auto content = read_private(file != nullptr ? file : home_dir() + "/.netrc", 1U << 20U);
    if (!content)
        return std::nullopt;
    std::istringstream words(*content);
    std::string word;
    std::string machine;
    std::string login;
    while (words >> word) {
        if (word == "machine") {
            words >> machine;
            login.clear();
        } else if (word == "default") {
            machine = host;
            login.clear();
        } else if (word == "login") {
            words >> login;
        } else if (word == "password" && words >> word && machine == host &&
                   (login.empty() || login == user)) {
            return Secret(word);
        }
    }
    return std::nullopt;
}

/// Echo is off while it lives.
class Silence {
  public:
    explicit Silence(int fd) : fd_(fd), changed_(::tcgetattr(fd, &before_) == 0)
    {
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        if (changed_)
            ::tcsetattr(fd_, TCSAFLUSH, &quiet);
    }
    ~Silence()
    {
        if (changed_)
            ::tcsetattr(fd_, TCSAFLUSH, &before_);
    }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;

  private:
    int fd_;
    termios before_{};
    bool changed_;
};

Secret from_terminal(const std::string& question, const std::string& what, const std::string& hint,
                     const std::stop_token& stop)
{
    const io::Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    // Without a terminal in front nobody would see the question.
    if (!terminal || ::isatty(STDERR_FILENO) != 1)
        throw Error(Errc::unreachable, "no " + what, hint);
    io::write_all(terminal.get(), std::as_bytes(std::span(question)), "terminal");
    std::string line;
    {
        const Silence silence(terminal.get());
        line = read_line(terminal.get(), "terminal", stop);
    }
    io::write_all(terminal.get(), std::as_bytes(std::span("\n", 1)), "terminal");
    return first_line(std::move(line), "terminal");
}

} // namespace

std::pair<std::string, Secret> find_credentials(const ConnectOptions& options,
                                                const ContextConfig& context,
                                                const std::stop_token& stop)
{
    const std::string& user = context.user;
    if (options.password_fd >= 0)
        return {user,
                first_line(read_line(options.password_fd, "--password-fd", stop), "--password-fd")};
    if (!options.password_file.empty())
        return {user, from_file(options.password_file, stop)};
    if (!context.password_file.empty())
        return {user, from_file(context.password_file, stop)};
    if (!context.password_command.empty())
        return {user, from_command(context.password_command, stop)};
    const std::string host = xapi::parse_endpoint(context.host).host;
    if (auto password = from_netrc(host, user))
        return {user, std::move(*password)};
    if (options.never_ask)
        throw Error(Errc::unreachable, "no password without asking for it");
    const std::string whom = fmt::format("{}@{}", text::printable(user), text::printable(host));
    return {user, from_terminal(fmt::format("Password for {}: ", whom), "password for " + whom,
                                "give --password-file FILE, or set password-file or "
                                "password-command in the context",
                                stop)};
}

Secret read_secret(const SecretSource& source, const std::string& question,
                   const std::stop_token& stop)
{
    if (source.fd >= 0)
        return first_line(read_line(source.fd, "--secret-fd", stop), "--secret-fd");
    if (!source.file.empty())
        return from_file(source.file, stop);
    return from_terminal(question + ": ",
                         text::to_lower(question.substr(0, 1)) + question.substr(1),
                         "give --secret-file FILE or --secret-fd N", stop);
}

} // namespace xenlab::lab
