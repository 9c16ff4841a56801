// SPDX-License-Identifier: GPL-3.0-or-later
// A scratch directory, other people's programs, and disks to serve.
#pragma once

#include <xenlab/base/error.hpp>
#include <xenlab/block/block_device.hpp>
#include <xenlab/bytes/hex.hpp>
#include <xenlab/io/fd.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <spawn.h>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace xenlab::nbd::test {

#define NEED(program)                                                                              \
    if (!have(program))                                                                            \
    GTEST_SKIP() << (program) << " is not installed"

inline std::string quoted(const std::string& word)
{
    std::string out = "'";
    for (const char c : word)
        out += c == '\'' ? "'\\''" : std::string(1, c);
    return out + "'";
}

struct Ran {
    int status = -1;
    std::string out; ///< standard output and error
};

inline Ran shell(const std::string& command)
{
    const std::string line = "export LC_ALL=C; { " + command + "; } 2>&1 </dev/null";
    Ran ran;
    std::FILE* pipe = ::popen(line.c_str(), "r");
    if (!pipe)
        return ran;
    std::array<char, 4096> buffer{};
    while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe))
        ran.out.append(buffer.data(), n);
    const int status = ::pclose(pipe);
    ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return ran;
}

inline bool have(const std::string& program)
{
    return shell("command -v " + quoted(program)).status == 0;
}

/// In /tmp, because the path of a socket is short; with a space, because paths have spaces.
class Scratch {
  public:
    Scratch()
    {
        std::string name = "/tmp/xenlab nbd XXXXXX";
        if (::mkdtemp(name.data()) == nullptr)
            throw std::system_error(errno, std::generic_category(), name);
        path_ = name;
    }
    ~Scratch()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    [[nodiscard]] std::string file(const std::string& name) const
    {
        return (path_ / name).string();
    }

  private:
    std::filesystem::path path_;
};

/// The address of an export behind a unix socket.
inline std::string unix_uri(const std::string& socket, const std::string& name = "")
{
    std::string path;
    for (const char c : socket)
        path += c == ' ' ? std::string("%20") : std::string(1, c);
    return "nbd+unix:///" + name + "?socket=" + path;
}

/// A program that runs as long as the object; it inherits `listener` as descriptor 3, as systemd's
/// socket activation has it, so that it can be used at once and needs no port of its own choice.
class Captive {
  public:
    Captive(const std::string& command, const io::Fd& listener)
    {
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, listener.get(), 3);
        std::string program = "sh";
        std::string option = "-c";
        std::string line =
            "export LISTEN_PID=$$ LISTEN_FDS=1; exec " + command + " </dev/null >/dev/null 2>&1";
        std::array<char*, 4> arguments{program.data(), option.data(), line.data(), nullptr};
        const int error =
            ::posix_spawn(&pid_, "/bin/sh", &actions, nullptr, arguments.data(), environ);
        ::posix_spawn_file_actions_destroy(&actions);
        if (error != 0)
            throw std::system_error(error, std::generic_category(), "posix_spawn");
    }
    ~Captive() { kill(); }
    Captive(const Captive&) = delete;
    Captive& operator=(const Captive&) = delete;

    void kill()
    {
        if (pid_ <= 0)
            return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = 0;
    }

  private:
    pid_t pid_ = 0;
};

/// A disk whose bytes follow from their place, with holes; counts what is asked of it.
class PatternDisk : public block::BlockDevice {
  public:
    explicit PatternDisk(std::uint64_t size) : size_(size) {}

    static constexpr std::uint64_t run = 65536; ///< every fourth run is a hole

    static std::byte at(std::uint64_t offset)
    {
        if (offset / run % 4 == 1)
            return std::byte{0};
        return static_cast<std::byte>((offset >> 3) * 0x9e3779b97f4a7c15ULL >> 56U | 1U);
    }
    [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override
    {
        block::check_range(size_, offset, buffer.size());
        for (std::size_t i = 0; i < buffer.size(); ++i)
            buffer[i] = at(offset + i);
    }
    std::vector<block::Extent> extents(std::uint64_t offset, std::uint64_t length) override
    {
        block::check_range(size_, offset, length);
        std::vector<block::Extent> all;
        for (const std::uint64_t end = offset + length; offset < end;) {
            const std::uint64_t next = std::min(end, (offset / run + 1) * run);
            const bool hole = offset / run % 4 == 1;
            if (all.empty() || all.back().hole != hole)
                all.push_back({.offset = offset, .length = 0, .hole = hole});
            all.back().length += next - offset;
            offset = next;
        }
        return all;
    }

  private:
    std::uint64_t size_;
};

inline std::vector<std::byte> pattern(std::uint64_t offset, std::size_t length)
{
    std::vector<std::byte> data(length);
    for (std::size_t i = 0; i < length; ++i)
        data[i] = PatternDisk::at(offset + i);
    return data;
}

/// The pattern as a file, sparse where it has holes.
inline void write_pattern(const std::string& path, std::uint64_t size)
{
    PatternDisk disk(size);
    std::ofstream file(path, std::ios::binary);
    for (const block::Extent& extent : disk.extents(0, size)) {
        if (extent.hole)
            continue;
        const auto data = pattern(extent.offset, extent.length);
        file.seekp(static_cast<std::streamoff>(extent.offset));
        file.write(reinterpret_cast<const char*>(data.data()),
                   static_cast<std::streamsize>(data.size()));
    }
    file.close();
    std::filesystem::resize_file(path, size);
}

inline std::vector<std::byte> read_at(block::BlockDevice& device, std::uint64_t offset,
                                      std::size_t length)
{
    std::vector<std::byte> data(length);
    device.read(offset, data);
    return data;
}

/// Runs the code; the code of the Error it threw, or nothing.
inline std::optional<Errc> code_of(const std::function<void()>& code)
{
    try {
        code();
    } catch (const Error& error) {
        return error.code();
    }
    return std::nullopt;
}

} // namespace xenlab::nbd::test
