// SPDX-License-Identifier: GPL-3.0-or-later
// What the agent needs of an operating system: a port, child processes, files. One implementation
// for POSIX and one for Windows; nothing but the standard library and the system's own.
#pragma once

#include <xenlab/serial/frame.hpp>
#include <xenlab/serial/link.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace xenlab::agent {

using bytes::View;
using serial::Buffer;
using serial::Millis;

/// A failure of the system, with its words. `code` is what serial-cli exits with: 3 for something
/// that does not exist, 126 and 127 for programs, otherwise 1.
class SystemFailure : public std::runtime_error {
  public:
    SystemFailure(std::uint32_t code, const std::string& text)
        : std::runtime_error(text), code_(code)
    {
    }
    [[nodiscard]] std::uint32_t code() const noexcept { return code_; }

  private:
    std::uint32_t code_;
};

/// A serial port, terminal or pseudo-terminal in raw mode, never blocking for long.
class Port {
  public:
    virtual ~Port() = default;
    /// Throws SystemFailure.
    static std::unique_ptr<Port> open(const std::string& path, unsigned baud);
    /// Bytes that have come; empty when none have. Throws when the port has gone.
    virtual std::size_t read(std::span<std::byte> buffer) = 0;
    /// Takes a front part of `data`. Throws when the port has gone.
    virtual std::size_t write(View data) = 0;
};

struct ExecSpec {
    std::vector<std::string> argv; ///< or
    std::string command;           ///< for the shell
    std::string shell;             ///< "sh", "bash", "cmd", "ps"; empty is the system's own
    std::vector<std::string> environment;
    std::string directory, user;
    std::string mark; ///< in the environment of the whole tree, so that it can be found
    bool terminal = false, no_stdin = false;
    unsigned rows = 24, columns = 80;
};

struct ExitStatus {
    bool signalled = false;
    std::uint32_t code = 0; ///< exit code or number of the signal
};

class Child {
  public:
    virtual ~Child() = default; ///< kills the whole tree if it has not ended
    /// Throws SystemFailure with code 126 or 127.
    static std::unique_ptr<Child> start(const ExecSpec& spec);
    enum class Stream { out, err };
    /// Bytes that are there; 0 for none yet, nothing for the end.
    virtual std::optional<std::size_t> read(Stream stream, std::span<std::byte> buffer) = 0;
    /// Takes a front part; nothing when nobody reads any more.
    virtual std::optional<std::size_t> write(View data) = 0;
    virtual void close_input() = 0;
    virtual std::optional<ExitStatus> ended() = 0;
    virtual void send_signal(unsigned number) = 0;
    virtual void kill_tree() = 0;
    virtual void resize(unsigned rows, unsigned columns) = 0;
    [[nodiscard]] virtual std::uint32_t pid() const = 0;
};

struct ChildInterest {
    Child* child = nullptr;
    bool in = false, out = false, err = false;
};

/// Returns when the port or a child has something, or after `timeout`; sooner does no harm.
void wait_for(Port& port, bool port_writable, const std::vector<ChildInterest>& children,
              Millis timeout);

struct FileInfo {
    char kind = 'o'; ///< f, d, l, o
    std::uint64_t size = 0, mtime = 0;
    std::uint32_t mode = 0;
    std::string target; ///< of a symbolic link
};

/// An open file. All throw SystemFailure.
class File {
  public:
    virtual ~File() = default;
    static std::unique_ptr<File> open_read(const std::string& path);
    /// Creates it, or opens what is there; mode 0600 until set_mode.
    static std::unique_ptr<File> open_part(const std::string& path, bool keep);
    virtual std::size_t read(std::span<std::byte> buffer) = 0;
    virtual void write(View data) = 0;
    virtual FileInfo info() = 0;
    virtual void truncate(std::uint64_t size) = 0;
    virtual void finish(std::optional<std::uint32_t> mode, std::optional<std::uint64_t> mtime) = 0;
};

std::optional<FileInfo> look_at(const std::string& path); ///< follows no link; nothing if absent
bool is_directory(const std::string& path);               ///< follows links
void replace_file(const std::string& from, const std::string& to);
void remove_file(const std::string& path) noexcept;
void make_directories(const std::string& path, std::uint32_t mode);
/// Mode and time of modification of a directory. Only to be called when it is complete.
void dress_directory(const std::string& path, std::optional<std::uint32_t> mode,
                     std::uint64_t mtime);
void make_link(const std::string& target, const std::string& path);
std::vector<std::string> names_in(const std::string& directory);

Millis now_millis();
void pause_millis(unsigned millis);
std::uint32_t random_word();
std::array<std::byte, 16> boot_identity();
/// "name=value" about this guest.
std::vector<std::string> system_facts();

} // namespace xenlab::agent
