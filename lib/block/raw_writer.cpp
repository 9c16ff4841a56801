// SPDX-License-Identifier: GPL-3.0-or-later
#include "zeros.hpp"

#include <xenlab/block/raw_writer.hpp>

#include <algorithm>

namespace xenlab::block {

namespace {

constexpr std::uint64_t hole_size = 16U << 10U;

} // namespace

void RawWriter::write(std::span<const std::byte> data)
{
    if (file_ != nullptr && file_->sparse())
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
            file_->write_at(at_ + from, data.subspan(from, to - from));
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
    if (file_ != nullptr && file_->sparse())
        at_ += length;
    else
        write_zeros(length, [&](std::span<const std::byte> data) { write_plain(data); });
}

void RawWriter::finish()
{
    if (sink_ != nullptr)
        return sink_->finish();
    if (file_->sparse())
        file_->set_size(at_);
    file_->commit();
}

} // namespace xenlab::block
