// SPDX-License-Identifier: GPL-3.0-or-later
#include "output.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/io/fd.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <chrono>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vifcap {

using namespace xenlab;

namespace {

class PipeSink final : public io::ByteSink {
  public:
    PipeSink(io::Fd fd, std::string name, std::stop_token stop)
        : fd_(std::move(fd)), name_(std::move(name)), stop_(std::move(stop))
    {
    }
    using io::ByteSink::write;
    void write(std::span<const std::byte> data) override
    {
        while (!data.empty()) {
            const ssize_t n = ::write(fd_.get(), data.data(), data.size());
            if (n >= 0)
                data = data.subspan(static_cast<std::size_t>(n));
            else if (errno == EAGAIN)
                wait();
            else if (errno == EPIPE)
                throw BrokenPipe(name_);
            else if (errno != EINTR)
                throw system_error(errno, name_);
        }
    }
    void flush() override {}
    void finish() override {}

  private:
    /// The reader is behind. After a stop it gets a few seconds for the rest.
    void wait()
    {
        pollfd one{.fd = fd_.get(), .events = POLLOUT, .revents = 0};
        ::poll(&one, 1, 100);
        const auto now = std::chrono::steady_clock::now();
        if (!stop_.stop_requested())
            last_ = now;
        else if (now - last_ > patience)
            throw Error(Errc::interrupted, "interrupted");
    }

    static constexpr std::chrono::seconds patience{2};
    io::Fd fd_;
    std::string name_;
    std::stop_token stop_;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

} // namespace

std::unique_ptr<io::ByteSink> pipe_sink(int fd, const std::string& name, std::stop_token stop)
{
    struct stat info {};
    if (::fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode)) {
        // Opened anew, so that O_NONBLOCK is ours alone.
        io::Fd own(
            ::open(fmt::format("/proc/self/fd/{}", fd).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
        if (own)
            return std::make_unique<PipeSink>(std::move(own), name, std::move(stop));
    }
    return std::make_unique<io::FdSink>(fd, name);
}

} // namespace vifcap
