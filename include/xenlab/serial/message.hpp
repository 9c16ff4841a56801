// SPDX-License-Identifier: GPL-3.0-or-later
// What travels in SL1 channels: one byte for the kind of message, then fields. xenlab-sl1(7),
// MESSAGES, says who sends which, when.
#pragma once

#include <xenlab/serial/frame.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::serial {

enum class Op : std::uint8_t {
    auth = 0x01,
    // The first message of a channel, from the host.
    exec = 0x10,
    put = 0x11,
    get = 0x12,
    list = 0x13,
    mkdir = 0x14,
    info = 0x16,
    ping = 0x17,
    link = 0x18,
    // Answers of the agent.
    started = 0x20,
    exit = 0x21,
    have = 0x22,
    meta = 0x23,
    done = 0x24,
    entry = 0x25,
    error = 0x26,
    facts = 0x27,
    pong = 0x28,
    // Bytes of a stream: pieces may be joined or cut anywhere, so they carry no fields.
    data = 0x30, ///< standard input, or the content of a file
    out = 0x31,
    err = 0x32,
    // About a stream.
    eof = 0x40,
    signal = 0x41,
    resize = 0x42,
    // Of the channel itself; these need no credit.
    credit = 0x50,
    close = 0x51,
};

inline constexpr std::uint8_t continued_bit = 0x80; ///< more of this message follows
inline constexpr std::size_t max_message = 48 * 1024;

constexpr bool is_stream(Op op) noexcept
{
    return op == Op::data || op == Op::out || op == Op::err;
}
constexpr bool is_open(Op op) noexcept
{
    return static_cast<unsigned>(op) >= 0x10 && static_cast<unsigned>(op) <= 0x1F;
}

/// Fields of a message: u8 tag, u16 length, value. Unknown tags are skipped.
enum class Tag : std::uint8_t {
    path = 1,
    size = 2,   ///< u64 bytes
    mode = 3,   ///< u32 permission bits
    mtime = 4,  ///< u64 nanoseconds since 1970
    offset = 5, ///< u64
    sha256 = 7, ///< 32 bytes
    arg = 8,    ///< of argv, in order
    env = 9,    ///< "NAME=value"
    cwd = 10,
    user = 11,
    shell = 12,      ///< a command line for the shell instead of argv
    flags = 13,      ///< u32, bits below
    timeout = 14,    ///< u32 milliseconds
    rows = 15,       ///< u32
    cols = 16,       ///< u32
    code = 17,       ///< u32
    signal = 18,     ///< u32
    text = 19,       ///< for people
    kind = 20,       ///< u32: 'f' file, 'd' directory, 'l' symbolic link, 'o' other
    target = 21,     ///< of a symbolic link
    fact = 22,       ///< "name=value"
    shell_kind = 23, ///< "sh", "cmd", "ps"
    pid = 24,        ///< u32
};

inline constexpr std::uint32_t flag_tty = 1;          ///< exec: a terminal of its own
inline constexpr std::uint32_t flag_no_stdin = 2;     ///< exec: standard input is empty
inline constexpr std::uint32_t flag_resume = 4;       ///< put: go on where a part file ends
inline constexpr std::uint32_t flag_recursive = 8;    ///< list
inline constexpr std::uint32_t flag_interactive = 16; ///< exec: a person waits for each key
inline constexpr std::uint32_t flag_changed = 32;     ///< eof: the file changed while it was read

class Message {
  public:
    Message& add(Tag tag, View value);
    Message& add(Tag tag, std::string_view value);
    Message& add_u32(Tag tag, std::uint32_t value);
    Message& add_u64(Tag tag, std::uint64_t value);
    [[nodiscard]] View body() const noexcept { return body_; }

  private:
    Buffer body_;
};

/// A message that came. Whatever the bytes are, reading them is safe.
class Fields {
  public:
    /// Borrows `body`. Nothing when the lengths do not add up.
    static std::optional<Fields> parse(View body);

    [[nodiscard]] std::optional<std::string> text(Tag tag) const;
    [[nodiscard]] std::vector<std::string> all(Tag tag) const;
    [[nodiscard]] std::optional<std::uint32_t> u32(Tag tag) const;
    [[nodiscard]] std::optional<std::uint64_t> u64(Tag tag) const;
    [[nodiscard]] View bytes(Tag tag) const; ///< empty when there is none
    [[nodiscard]] bool has(Tag tag) const;

  private:
    struct Field {
        Tag tag;
        View value;
    };
    std::vector<Field> fields_;
};

} // namespace xenlab::serial
