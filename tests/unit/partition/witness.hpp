// SPDX-License-Identifier: GPL-3.0-or-later
// Other people's tools as witnesses: running them in a scratch directory and reading what they
// print.
#pragma once

#include <xenlab/block/block_device.hpp>
#include <xenlab/io/fd.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/// Skips a test whose witness is not there.
#define NEED(program)                                                                              \
    if (!have(program))                                                                            \
    GTEST_SKIP() << (program) << " is not installed"

namespace xenlab::partition::test {

inline std::string quoted(const std::string& word)
{
    std::string out = "'";
    for (const char c : word)
        out += c == '\'' ? "'\\''" : std::string(1, c);
    return out + "'";
}

/// Output and exit status of a shell command; programs of the administrator are found too.
struct Ran {
    int status = -1;
    std::string out;
};

inline Ran shell(const std::string& command)
{
    const std::string line = "PATH=\"$PATH:/usr/sbin:/sbin\"; export LC_ALL=C.UTF-8; { " + command +
                             "; } 2>/dev/null </dev/null";
    Ran ran;
    std::FILE* pipe = ::popen(line.c_str(), "r");
    if (!pipe)
        return ran;
    std::array<char, 4096> buffer{};
    while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe))
        ran.out.append(buffer.data(), n);
    ran.status = ::pclose(pipe);
    return ran;
}

inline bool have(const std::string& program)
{
    return shell("command -v " + quoted(program)).status == 0;
}

/// A scratch directory with spaces in its name, gone with the object.
class Scratch {
  public:
    Scratch()
    {
        std::string name =
            (std::filesystem::temp_directory_path() / "xenlab partition XXXXXX").string();
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

/// An image file, sparse where nothing was written.
class FileDisk : public block::BlockDevice {
  public:
    /// Makes the file `size` bytes long first, unless that is 0.
    explicit FileDisk(const std::string& path, std::uint64_t size = 0)
        : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)), path_(path)
    {
        if (fd_ < 0 || (size != 0 && ::ftruncate(fd_, static_cast<off_t>(size)) != 0))
            throw std::system_error(errno, std::generic_category(), path);
    }
    ~FileDisk() override { ::close(fd_); }

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::uint64_t size() const noexcept override
    {
        struct stat st = {};
        return ::fstat(fd_, &st) == 0 ? static_cast<std::uint64_t>(st.st_size) : 0;
    }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override
    {
        block::check_range(size(), offset, buffer.size());
        if (::pread(fd_, buffer.data(), buffer.size(), static_cast<off_t>(offset)) !=
            static_cast<ssize_t>(buffer.size()))
            throw std::system_error(errno, std::generic_category(), path_);
    }
    void put(std::uint64_t offset, std::span<const std::byte> data)
    {
        if (::pwrite(fd_, data.data(), data.size(), static_cast<off_t>(offset)) !=
            static_cast<ssize_t>(data.size()))
            throw std::system_error(errno, std::generic_category(), path_);
    }

    /// Copies the data of another image, without its holes, to `offset`.
    void place(FileDisk& image, std::uint64_t offset)
    {
        off_t at = 0;
        while ((at = ::lseek(image.fd_, at, SEEK_DATA)) >= 0) {
            const off_t end = ::lseek(image.fd_, at, SEEK_HOLE);
            std::vector<std::byte> data(static_cast<std::size_t>(end - at));
            image.read(static_cast<std::uint64_t>(at), data);
            put(offset + static_cast<std::uint64_t>(at), data);
            at = end;
        }
    }

  private:
    int fd_;
    std::string path_;
};

/// Undoes the escapes of `blkid -o export`: first a backslash in front of what a shell minds, then
/// "M-C" and "M-^C" as cat -v has them.
inline std::string unescaped(std::string_view line)
{
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i)
        text += line[line[i] == '\\' && i + 1 < line.size() ? ++i : i];
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned high = 0;
        if (text.compare(i, 2, "M-") == 0 && i + 2 < text.size()) {
            high = 0x80;
            i += 2;
            if (text[i] == '^' && i + 1 < text.size()) {
                ++i;
                high ^= 0x40;
            }
        }
        out += static_cast<char>(static_cast<unsigned char>(text[i]) ^ high);
    }
    return out;
}

/// KEY=value lines.
inline std::map<std::string, std::string> exported(const std::string& text)
{
    std::map<std::string, std::string> values;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (const std::size_t equals = line.find('='); equals != std::string::npos)
            values[line.substr(0, equals)] = unescaped(std::string_view{line}.substr(equals + 1));
    return values;
}

} // namespace xenlab::partition::test
