// SPDX-License-Identifier: GPL-3.0-or-later
#include "hash_queue.hpp"

namespace xenlab::xva {

HashQueue::HashQueue(unsigned threads, std::size_t buffer_size, Done done)
    : done_(std::move(done)), pool_(threads)
{
    for (unsigned i = 0; i < threads + 2; ++i)
        free_.emplace_back(buffer_size);
}

HashQueue::Buffer HashQueue::take_buffer()
{
    while (free_.empty())
        finish_oldest();
    Buffer buffer = std::move(free_.back());
    free_.pop_back();
    return buffer;
}

void HashQueue::submit(ChunkCheck check, Buffer buffer)
{
    Pending& pending = pending_.emplace_back();
    pending.check = std::move(check);
    pending.buffer = std::move(buffer);
    const auto data = std::span<const std::byte>(pending.buffer)
                          .first(static_cast<std::size_t>(pending.check.length));
    pending.computed =
        pool_.submit([kind = pending.check.kind, data] { return io::hash_text(kind, data); });
}

void HashQueue::submit(ChunkCheck check, std::string computed)
{
    std::promise<std::string> promise;
    promise.set_value(std::move(computed));
    pending_.push_back({std::move(check), {}, promise.get_future()});
    while (pending_.size() > 64)
        finish_oldest();
}

void HashQueue::finish_oldest()
{
    Pending oldest = std::move(pending_.front());
    const std::string computed = oldest.computed.get();
    pending_.pop_front();
    if (!oldest.buffer.empty())
        free_.push_back(std::move(oldest.buffer));
    done_(oldest.check, computed);
}

void HashQueue::drain()
{
    while (!pending_.empty())
        finish_oldest();
}

} // namespace xenlab::xva
