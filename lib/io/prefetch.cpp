// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/io/prefetch.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace xenlab::io {
namespace {

class Prefetch final : public ByteSource {
  public:
    Prefetch(std::unique_ptr<ByteSource> source, std::size_t buffer_size, std::size_t buffers)
        : source_(std::move(source)), total_(source_->total()), slots_(buffers)
    {
        for (Slot& slot : slots_)
            slot.data.resize(buffer_size);
        thread_ = std::jthread([this](const std::stop_token& stop) { produce(stop); });
    }
    ~Prefetch() override
    {
        thread_.request_stop();
        changed_.notify_all();
    }
    Prefetch(const Prefetch&) = delete;
    Prefetch& operator=(const Prefetch&) = delete;

    std::size_t read(std::span<std::byte> buffer) override;
    [[nodiscard]] std::optional<std::uint64_t> total() const override { return total_; }
    [[nodiscard]] std::uint64_t position() const override { return position_; }

  private:
    struct Slot {
        std::vector<std::byte> data;
        std::size_t length = 0;
    };

    void produce(const std::stop_token& stop);

    std::unique_ptr<ByteSource> source_; ///< touched by the thread only
    std::optional<std::uint64_t> total_;
    std::atomic<std::uint64_t> position_ = 0;
    std::vector<Slot> slots_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::size_t filled_ = 0;     ///< slots ready for the reader
    bool ended_ = false;         ///< the thread will fill no more
    std::exception_ptr error_;   ///< why it ended
    std::size_t reading_ = 0;    ///< reader only: slot in use
    std::size_t reading_at_ = 0; ///< reader only: position in that slot
    std::jthread thread_;        ///< last: joined before what it uses goes away
};

void Prefetch::produce(const std::stop_token& stop)
{
    std::exception_ptr error;
    std::size_t writing = 0;
    try {
        for (;;) {
            {
                std::unique_lock lock(mutex_);
                changed_.wait(lock, stop, [&] { return filled_ < slots_.size(); });
                if (stop.stop_requested())
                    return; // even with slots to fill: nobody will read them
            }
            Slot& slot = slots_[writing];
            // Whole slots: a decompressor hands out small pieces, and each hand-over costs a
            // wake-up.
            slot.length = 0;
            bool end = false;
            while (slot.length < slot.data.size() && !end && !stop.stop_requested()) {
                std::size_t n = 0;
                try {
                    n = source_->read(std::span(slot.data).subspan(slot.length));
                } catch (...) {
                    error = std::current_exception(); // after the bytes that came before it
                }
                slot.length += n;
                end = n == 0;
            }
            position_ = source_->position();
            const std::lock_guard lock(mutex_);
            if (slot.length > 0)
                ++filled_;
            if (end) {
                ended_ = true;
                error_ = error;
            }
            changed_.notify_all();
            if (end)
                return;
            writing = (writing + 1) % slots_.size();
        }
    } catch (...) { // a failing mutex; nothing else throws here
        const std::lock_guard lock(mutex_);
        ended_ = true;
        error_ = std::current_exception();
        changed_.notify_all();
    }
}

std::size_t Prefetch::read(std::span<std::byte> buffer)
{
    if (buffer.empty())
        return 0;
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return filled_ > 0 || ended_; });
        if (filled_ == 0) {
            if (error_)
                std::rethrow_exception(error_);
            return 0;
        }
    }
    const Slot& slot = slots_[reading_];
    const std::size_t n = std::min(buffer.size(), slot.length - reading_at_);
    std::copy_n(slot.data.begin() + static_cast<std::ptrdiff_t>(reading_at_), n, buffer.begin());
    reading_at_ += n;
    if (reading_at_ == slot.length) {
        reading_at_ = 0;
        reading_ = (reading_ + 1) % slots_.size();
        const std::lock_guard lock(mutex_);
        --filled_;
        changed_.notify_all();
    }
    return n;
}

} // namespace

std::unique_ptr<ByteSource> prefetch(std::unique_ptr<ByteSource> source, std::size_t buffer_size,
                                     std::size_t buffers)
{
    return std::make_unique<Prefetch>(std::move(source), buffer_size, buffers);
}

} // namespace xenlab::io
