// SPDX-License-Identifier: GPL-3.0-or-later
#include "hash_queue.hpp"

namespace xenlab::xva {

namespace {

// Handing a smaller chunk to another thread costs more than hashing it.
constexpr std::uint64_t least_for_thread = 16U << 10U;

} // namespace

HashQueue::HashQueue(unsigned threads, Done done)
    : done_(std::move(done)), free_(threads + 2), pool_(threads)
{
}

HashQueue::Buffer HashQueue::take_buffer(std::size_t size)
{
    while (free_.empty())
        finish_oldest();
    Buffer buffer = std::move(free_.back());
    free_.pop_back();
    if (buffer.size() < size)
        buffer.resize(size);
    return buffer;
}

void HashQueue::submit(ChunkCheck check, Buffer buffer)
{
    if (check.length < least_for_thread) {
        const auto data =
            std::span<const std::byte>(buffer).first(static_cast<std::size_t>(check.length));
        std::string computed = io::hash_text(check.kind, data);
        give_back(std::move(buffer));
        submit(std::move(check), std::move(computed));
        return;
    }
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
