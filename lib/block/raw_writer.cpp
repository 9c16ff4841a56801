// SPDX-License-Identifier: GPL-3.0-or-later
#include "zeros.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/block/raw_writer.hpp>
#include <xenlab/io/fd.hpp>

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace xenlab::block {

namespace {

constexpr std::uint64_t hole_size = 16U << 10U;

constexpr const char* output_name = "standard output";

} // namespace

std::unique_ptr<RawWriter> RawWriter::on_descriptor(int fd, io::ByteSink& sink)
{
    auto writer = std::make_unique<RawWriter>(sink);
    struct stat info {};
    const off_t at = ::lseek(fd, 0, SEEK_CUR);
    // With O_APPEND, pwrite(2) would ignore its offset.
    if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && at == info.st_size &&
        (::fcntl(fd, F_GETFL) & O_APPEND) == 0) {
        writer->fd_ = fd;
        writer->begin_ = static_cast<std::uint64_t>(at);
    }
    return writer;
}

void RawWriter::write_at(std::uint64_t offset, std::span<const std::byte> data)
{
    if (file_ != nullptr)
        file_->write_at(offset, data);
    else
        io::pwrite_all(fd_, begin_ + offset, data, output_name);
}

void RawWriter::write(std::span<const std::byte> data)
{
    if (sparse())
        write_sparse(data);
    else
        write_plain(data);
}

void RawWriter::write_plain(std::span<const std::byte> data)
{
    if (file_ != nullptr)
        file_->write(data);
    else
        sink_->write(data);
    at_ += data.size();
}

// Neighbouring pieces that are not zero go into one write.
void RawWriter::write_sparse(std::span<const std::byte> data)
{
    std::size_t from = 0; // of what waits to be written
    std::size_t to = 0;
    const auto write_out = [&] {
        if (to > from)
            write_at(at_ + from, data.subspan(from, to - from));
    };
    while (to < data.size()) {
        const auto n = static_cast<std::size_t>(
            std::min<std::uint64_t>(hole_size - (at_ + to) % hole_size, data.size() - to));
        if (is_zero(data.subspan(to, n))) {
            write_out();
            from = to + n;
        }
        to += n;
    }
    write_out();
    at_ += data.size();
}

void RawWriter::skip(std::uint64_t length)
{
    if (sparse())
        at_ += length;
    else
        write_zeros(length, [&](std::span<const std::byte> data) { write_plain(data); });
}

void RawWriter::finish_descriptor()
{
    const auto end = static_cast<off_t>(begin_ + at_);
    struct stat info {};
    if (::fstat(fd_, &info) != 0 || (info.st_size != end && ::ftruncate(fd_, end) != 0) ||
        ::lseek(fd_, end, SEEK_SET) != end)
        throw system_error(errno, output_name);
}

void RawWriter::finish()
{
    if (fd_ >= 0)
        finish_descriptor();
    if (sink_ != nullptr)
        return sink_->finish();
    if (file_->sparse())
        file_->set_size(at_);
    file_->commit();
}

} // namespace xenlab::block
