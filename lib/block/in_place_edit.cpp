// SPDX-License-Identifier: GPL-3.0-or-later
#include "joined.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/block/undo_log.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::block {

InPlaceEdit::InPlaceEdit(const std::string& path, UndoOptions options)
    : options_(std::move(options)), target_(path, Access::read_write), old_size_(0)
{
    lock_for_edit(target_);
    if (UndoLog::state(path, options_) == UndoState::complete)
        throw Error(Errc::precondition,
                    fmt::format("{}: an earlier edit was cut off", text::printable(path)),
                    "undo that edit first");
    old_size_ = target_.size();
}

InPlaceEdit::~InPlaceEdit()
{
    try {
        if (!log_.empty())
            roll_back();
    } catch (...) { // NOLINT(bugprone-empty-catch): the log stays, and says so at the next edit
    }
}

void InPlaceEdit::step(std::string_view name) const
{
    if (options_.step)
        options_.step(name);
}

void InPlaceEdit::announce(std::span<const Extent> extents)
{
    if (!log_.empty() || !announced_.empty())
        throw Error(Errc::failed, "an edit announces its writes once");
    log_.push_back(UndoLog::create(target_, extents, options_));
    announced_ = joined(extents, old_size_);
}

void InPlaceEdit::write(std::uint64_t offset, std::span<const std::byte> data)
{
    if (log_.empty())
        throw Error(Errc::failed, "an edit must announce its writes");
    const std::uint64_t inside =
        offset < old_size_ ? std::min<std::uint64_t>(data.size(), old_size_ - offset) : 0;
    const auto after =
        std::upper_bound(announced_.begin(), announced_.end(), offset,
                         [](std::uint64_t at, const Extent& e) { return at < e.offset; });
    const bool covered =
        inside == 0 || (after != announced_.begin() &&
                        offset + inside <= std::prev(after)->offset + std::prev(after)->length);
    if (!covered)
        throw Error(Errc::failed, fmt::format("{} bytes at {} were not announced", inside, offset));
    if (offset > target_.size())
        check_range(target_.size(), offset, 0); // a gap
    if (data.size() > target_.size() - offset) {
        step("target: grow");
        target_.resize(offset + data.size());
    }
    step("target: write");
    target_.write(offset, data);
}

void InPlaceEdit::flush()
{
    step("target: sync");
    target_.flush();
}

void InPlaceEdit::commit()
{
    flush();
    for (UndoLog& log : log_)
        log.finish();
    log_.clear();
}

void InPlaceEdit::roll_back()
{
    for (UndoLog& log : log_) {
        log.restore(target_);
        log.finish();
    }
    log_.clear();
}

} // namespace xenlab::block
