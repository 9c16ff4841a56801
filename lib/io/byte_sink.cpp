// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/io/byte_sink.hpp>

namespace xenlab::io {

void ByteSink::write(std::string_view text)
{
    write(std::as_bytes(std::span(text)));
}

FdSink::FdSink(int fd, std::string name, std::size_t buffer_size)
    : fd_(fd), name_(std::move(name)), capacity_(buffer_size)
{
}

void FdSink::write(std::span<const std::byte> data)
{
    if (buffer_.size() + data.size() > capacity_)
        flush();
    if (data.size() >= capacity_) {
        write_all(fd_, data, name_);
        return;
    }
    buffer_.append(reinterpret_cast<const char*>(data.data()), data.size()); // char may alias all
}

void FdSink::flush()
{
    // Emptied first: after a failed write the caller may still want to say so, and not fail again.
    std::string pending;
    pending.swap(buffer_);
    write_all(fd_, std::as_bytes(std::span(pending)), name_);
}

FileSink::FileSink(const std::string& path) : file_(path), sink_(file_.fd(), file_.path()) {}

void FileSink::write(std::span<const std::byte> data)
{
    sink_.write(data);
}

void FileSink::flush()
{
    sink_.flush();
}

void FileSink::finish()
{
    sink_.flush();
    file_.commit();
}

void StringSink::write(std::span<const std::byte> data)
{
    text_.append(reinterpret_cast<const char*>(data.data()), data.size());
}

} // namespace xenlab::io
