// SPDX-License-Identifier: GPL-3.0-or-later
#include "qemu_nbd.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/io/fd.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace xenlab::disksrc {
namespace {

using Clock = std::chrono::steady_clock;

/// A folder that only we can enter, gone afterwards with its socket.
class PrivateFolder {
  public:
    PrivateFolder()
    {
        const char* run = std::getenv("XDG_RUNTIME_DIR"); // NOLINT: before threads
        const char* tmp = std::getenv("TMPDIR");          // NOLINT
        // The path of a socket has at most 107 bytes.
        for (const char* base : {run, tmp, "/tmp"}) {
            std::string pattern = std::string(base != nullptr ? base : "") + "/xenlab-XXXXXX";
            if (base == nullptr || *base == '\0' || pattern.size() > 90)
                continue;
            if (::mkdtemp(pattern.data()) != nullptr) {
                path_ = pattern;
                return;
            }
        }
        throw system_error(errno, "/tmp");
    }
    ~PrivateFolder()
    {
        ::unlink(socket().c_str());
        ::rmdir(path_.c_str());
    }
    PrivateFolder(const PrivateFolder&) = delete;
    PrivateFolder& operator=(const PrivateFolder&) = delete;
    [[nodiscard]] std::string socket() const { return path_ + "/s"; }

  private:
    std::string path_;
};

std::string program_path(std::string_view program)
{
    const char* const path = std::getenv("PATH"); // NOLINT: before threads
    for (const std::string_view folder : text::split(path != nullptr ? path : "/usr/bin", ':')) {
        const std::string candidate = fmt::format("{}/{}", folder, program);
        if (!folder.empty() && ::access(candidate.c_str(), X_OK) == 0)
            return candidate;
    }
    throw Error(Errc::precondition, fmt::format("{} is needed for qcow2 images", program),
                "install qemu-utils");
}

/// The child that serves; killed with us, whatever happens.
class Process {
  public:
    Process(const std::string& program, const std::vector<std::string>& arguments)
    {
        std::vector<char*> argv;
        for (const std::string& argument : arguments)
            argv.push_back(const_cast<char*>(argument.c_str())); // NOLINT: exec wants it so
        argv.push_back(nullptr);
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0)
            throw system_error(errno, "pipe");
        words_ = io::Fd(ends[0]);
        const io::Fd write_end(ends[1]);
        const io::Fd null = io::open_file("/dev/null", O_RDWR);
        const pid_t parent = ::getpid();
        child_ = ::fork();
        if (child_ < 0)
            throw system_error(errno, "fork");
        if (child_ == 0) // only async-signal-safe calls from here on
            run(program.c_str(), argv.data(), null.get(), write_end.get(), parent);
        ::fcntl(words_.get(), F_SETFL, O_NONBLOCK);
    }
    ~Process()
    {
        if (child_ <= 0)
            return;
        ::kill(child_, SIGTERM);
        for (int tries = 0; tries < 100; ++tries) {
            if (ended())
                return;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    bool ended()
    {
        if (child_ > 0 && ::waitpid(child_, nullptr, WNOHANG) == child_)
            child_ = 0;
        return child_ <= 0;
    }
    /// What it has written to standard error.
    std::string words()
    {
        std::string all(4096, '\0');
        const ssize_t n = ::read(words_.get(), all.data(), all.size());
        all.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
        return std::string(text::trim(all.substr(0, all.find('\n'))));
    }

  private:
    [[noreturn]] static void run(const char* program, char** argv, int null, int words,
                                 pid_t parent)
    {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent)
            ::_exit(127);
        ::setpgid(0, 0); // Ctrl-C is ours to handle
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::dup2(null, 0);
        ::dup2(null, 1);
        ::dup2(words, 2);
        ::execv(program, argv);
        ::_exit(127);
    }

    pid_t child_ = 0;
    io::Fd words_;
};

/// A value inside --image-opts.
std::string option_value(const std::string& text)
{
    std::string out;
    for (const char c : text)
        out += c == ',' ? std::string(",,") : std::string(1, c);
    return out;
}

/// The export, with the process behind it.
class QcowDevice final : public block::BlockDevice {
  public:
    QcowDevice(const std::string& path, const nbd::ClientOptions& options,
               const std::stop_token& stop)
        : process_(program_path("qemu-nbd"),
                   {"qemu-nbd", "--read-only", "--shared=1", "--persistent",
                    "--socket=" + folder_.socket(), "--image-opts",
                    "driver=qcow2,file.driver=file,file.filename=" + option_value(path)})
    {
        const auto deadline = Clock::now() + options.connect_timeout;
        while (!try_connect(options, stop)) {
            if (process_.ended())
                throw Error(Errc::bad_data,
                            "qemu-nbd cannot read it: " + text::printable(process_.words()));
            if (stop.stop_requested())
                throw Error(Errc::interrupted, "interrupted");
            if (Clock::now() > deadline)
                throw Error(Errc::timeout, "qemu-nbd does not serve the image");
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
    }
    [[nodiscard]] std::uint64_t size() const noexcept override { return export_->size(); }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override
    {
        export_->read(offset, buffer);
    }
    std::vector<block::Extent> extents(std::uint64_t offset, std::uint64_t length) override
    {
        return export_->extents(offset, length);
    }

  private:
    /// The socket is there a moment before anybody listens on it.
    bool try_connect(const nbd::ClientOptions& options, const std::stop_token& stop)
    {
        struct stat info {};
        if (::stat(folder_.socket().c_str(), &info) != 0)
            return false;
        try {
            export_ = nbd::connect("nbd+unix:///?socket=" + folder_.socket(), options, stop);
            return true;
        } catch (const Error& error) {
            if (error.code() != Errc::unreachable && error.code() != Errc::not_found)
                throw;
            return false;
        }
    }

    PrivateFolder folder_;
    Process process_;
    std::unique_ptr<block::BlockDevice> export_; ///< last: closed first
};

} // namespace

std::unique_ptr<block::BlockDevice>
open_qcow2(const std::string& path, const nbd::ClientOptions& options, const std::stop_token& stop)
{
    return std::make_unique<QcowDevice>(check_qcow2_chain(path).front(), options, stop);
}

} // namespace xenlab::disksrc
