// SPDX-License-Identifier: GPL-3.0-or-later
// Writes POSIX ustar archives with pax headers for what ustar cannot hold (long names, large sizes,
// negative times). Format: POSIX.1-2017 pax.
#pragma once

#include <xenlab/io/byte_sink.hpp>

#include <cstdint>
#include <span>
#include <string>

namespace xenlab::tar {

struct NewEntry {
    std::string name; ///< relative, "/" between names; a folder's name gets a "/" at its end
    char type = '0';  ///< '0' file, '5' folder, '2' symlink, '3' '4' devices, '6' FIFO
    std::uint64_t size = 0;
    std::uint32_t mode = 0644;
    std::uint32_t uid = 0, gid = 0;
    std::int64_t mtime = 0;
    std::string link; ///< target of a symlink
    std::uint32_t device_major = 0, device_minor = 0;
};

/// Borrows the sink. Throws Error{failed} when the content written is not as long as announced.
class Writer {
  public:
    explicit Writer(io::ByteSink& sink) : sink_(sink) {}
    void begin(const NewEntry& entry);
    void write(std::span<const std::byte> data);
    void skip(std::uint64_t zeros);
    void end();
    /// The two blocks of zeros behind the last entry.
    void finish();

  private:
    void header(const NewEntry& entry);

    io::ByteSink& sink_;
    std::uint64_t left_ = 0;
    std::uint64_t padding_ = 0;
};

} // namespace xenlab::tar
