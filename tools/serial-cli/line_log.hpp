// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that the guest said on the port, with the time of each line.
#pragma once

#include <xenlab/bytes/endian.hpp>
#include <xenlab/io/fd.hpp>

#include <string>
#include <string_view>

namespace xenlab::serial_cli {

/// Lines "2026-01-31T12:00:00.123Z TEXT"; events of the broker begin with "-- ". Control characters
/// are kept as the guest sent them; `serial-cli log` makes them safe. At 16 MiB the file becomes
/// FILE.1. A log that cannot be written never stops the port.
class LineLog {
  public:
    explicit LineLog(std::string path);
    ~LineLog();
    LineLog(const LineLog&) = delete;
    LineLog& operator=(const LineLog&) = delete;
    void text(bytes::View bytes);
    void event(std::string_view words);

  private:
    void write(std::string_view text);
    void end_line();

    std::string path_, pending_;
    io::Fd file_;
    std::uint64_t size_ = 0;
    bool in_line_ = false;
};

/// RFC 3339 in UTC with milliseconds.
std::string timestamp();

} // namespace xenlab::serial_cli
