// SPDX-License-Identifier: GPL-3.0-or-later
#include "line_log.hpp"

#include <xenlab/base/error.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <ctime>

#include <fcntl.h>
#include <unistd.h>

namespace xenlab::serial_cli {
namespace {

constexpr std::uint64_t most = 16U << 20U;
constexpr std::size_t longest_line = 4096;

} // namespace

std::string timestamp()
{
    const auto now = std::chrono::system_clock::now();
    const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
    const auto millis =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() %
        1000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                       millis);
}

LineLog::LineLog(std::string path) : path_(std::move(path))
{
    if (path_.empty())
        return;
    file_ = io::open_file(path_, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
    const off_t end = ::lseek(file_.get(), 0, SEEK_END);
    size_ = end > 0 ? static_cast<std::uint64_t>(end) : 0;
}

LineLog::~LineLog()
{
    end_line();
}

void LineLog::write(std::string_view text)
{
    if (!file_)
        return;
    const ssize_t count = ::write(file_.get(), text.data(), text.size());
    if (count > 0)
        size_ += static_cast<std::uint64_t>(count);
}

void LineLog::end_line()
{
    if (in_line_)
        write("\n");
    in_line_ = false;
    if (size_ < most)
        return;
    if (std::rename(path_.c_str(), (path_ + ".1").c_str()) != 0)
        return;
    file_ =
        io::Fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
    size_ = 0;
}

void LineLog::text(bytes::View bytes)
{
    if (!file_)
        return;
    std::string out;
    std::size_t length = 0;
    for (const std::byte b : bytes) {
        const char c = static_cast<char>(b);
        if (c == '\n' || length > longest_line) {
            write(out);
            out.clear();
            end_line();
            length = 0;
            if (c == '\n')
                continue;
        }
        if (c == '\r' || c == '\0')
            continue;
        if (!in_line_)
            out += timestamp() + " ";
        in_line_ = true;
        out += c;
        ++length;
    }
    write(out);
}

void LineLog::event(std::string_view words)
{
    end_line();
    write(fmt::format("{} -- {}\n", timestamp(), words));
}

} // namespace xenlab::serial_cli
