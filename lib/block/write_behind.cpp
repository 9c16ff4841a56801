// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/block/write_behind.hpp>

#include <utility>

namespace xenlab::block {

namespace {

constexpr std::size_t most_pending = 8; // of what the verifier passes on: 256 KiB each

} // namespace

void WriteBehind::finish_oldest()
{
    Pending oldest = std::move(pending_.front());
    pending_.pop_front();
    oldest.done.get();
    free_.push_back(std::move(oldest.data));
}

void WriteBehind::write(std::span<const std::byte> data)
{
    while (pending_.size() >= most_pending)
        finish_oldest();
    Pending& pending = pending_.emplace_back();
    if (!free_.empty()) {
        pending.data = std::move(free_.back());
        free_.pop_back();
    }
    pending.data.assign(data.begin(), data.end());
    pending.done = pool_.submit([this, bytes = std::span<const std::byte>(pending.data),
                                 hole = std::exchange(skipped_, 0)] {
        if (hole > 0)
            sink_->skip(hole);
        sink_->write(bytes);
    });
}

void WriteBehind::finish()
{
    while (!pending_.empty())
        finish_oldest();
    if (skipped_ > 0)
        sink_->skip(std::exchange(skipped_, 0));
    sink_->finish();
}

} // namespace xenlab::block
