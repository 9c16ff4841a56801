// SPDX-License-Identifier: GPL-3.0-or-later
// Edits in place that survive a kill at any moment: the old content is on disk before the first
// byte changes.
//
// The life of an edit of FILE, and what a kill leaves behind:
//
//   1. FILE is locked (flock). The old content goes to FILE.undo.part, which is sealed and synced.
//      Left behind: FILE.undo.part. FILE is untouched; the log means nothing.
//   2. It is renamed to FILE.undo, and the folder synced. Only then FILE is changed.
//      Left behind: FILE.undo, complete. FILE may be half changed; UndoLog::apply gives back the
//      old content.
//   3. FILE is synced, then FILE.undo removed.
//      Left behind: nothing, or (killed before the removal) a complete log: apply() undoes the
//      whole edit.
#pragma once

#include <xenlab/block/block_device.hpp>
#include <xenlab/block/raw_image.hpp>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::block {

struct UndoOptions {
    /// The log; empty: the file's real path (links followed) with ".undo". Must be given for a
    /// block device, since nothing in /dev survives a restart.
    std::string log_path = {};
    /// apply(): the file was moved or restored from a copy since: do not compare its inode with the
    /// log's.
    bool moved = false;
    /// For tests: called with a name before every change that is made to a file or folder.
    std::function<void(std::string_view step)> step = {};
};

enum class UndoState {
    none,       ///< no log
    incomplete, ///< only a log that was never finished: the file is untouched
    complete    ///< an edit was cut off, or goes on at this moment
};

struct UndoResult {
    UndoState found =
        UndoState::none; ///< incomplete: the remains were removed, the file was not touched
    std::uint64_t bytes_restored = 0; ///< that differed
};

/// A complete log on disk. Throws Error.
class UndoLog {
  public:
    /// Saves the old content of `extents` (in any order; what lies beyond the end is left out). The
    /// target must be locked. Throws Error{precondition} when a log is there already: an edit that
    /// was cut off comes first. After any Error there is no log and the target is untouched.
    static UndoLog create(RawImage& target, std::span<const Extent> extents,
                          UndoOptions options = {});

    /// Removes the log. The target must have been flushed, or restored.
    void finish();

    /// Gives the target back its old content and size, and flushes it; changes only what differs.
    /// The log stays. Returns the number of bytes that differed.
    std::uint64_t restore(RawImage& target) const;

    /// Does the file have a log, whole or in part? A look at names only.
    static UndoState state(const std::string& path, const UndoOptions& options = {});

    /// Undoes an edit of `path` that was cut off: locks it, checks the whole log before anything is
    /// changed, restores, removes the log. Can be killed and repeated. Throws Error{not_found}
    /// without a log, Error{precondition} when the file is locked or is not the file of the log,
    /// Error{bad_data} for a damaged log (the file is then as it was found).
    static UndoResult apply(const std::string& path, const UndoOptions& options = {});

  private:
    UndoLog(std::string log_path, UndoOptions options);
    void step(std::string_view name) const;

    std::string log_path_;
    UndoOptions options_;
};

/// Locks a file or device for changes, until it is closed, and looks at its size again. Throws
/// Error{precondition} when another process has it, or when another file took its name meanwhile.
void lock_for_edit(RawImage& target);

/// An edit in place: a writable device, whose writes become one change or none.
///
///     InPlaceEdit edit(path);
///     edit.announce(extents);   // the log is on disk
///     edit.write(…); …          // only inside these extents, or beyond the old end (a file grows)
///     edit.commit();
///
/// Destroyed without commit(), it rolls back; where that fails, the log stays for UndoLog::apply.
/// One thread at a time. Throws Error.
class InPlaceEdit final : public BlockDevice {
  public:
    /// Opens and locks. Throws Error{precondition} when there is a complete log.
    explicit InPlaceEdit(const std::string& path, UndoOptions options = {});
    ~InPlaceEdit() override;

    [[nodiscard]] std::uint64_t size() const noexcept override { return target_.size(); }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override
    {
        target_.read(offset, buffer);
    }
    std::vector<Extent> extents(std::uint64_t offset, std::uint64_t length) override
    {
        return target_.extents(offset, length);
    }
    [[nodiscard]] bool writable() const noexcept override { return true; }
    void write(std::uint64_t offset, std::span<const std::byte> data) override;
    void flush() override;

    /// Once, before the first write.
    void announce(std::span<const Extent> extents);
    /// Flushes and removes the log.
    void commit();
    /// Restores, flushes and removes the log.
    void roll_back();

  private:
    void step(std::string_view name) const;

    UndoOptions options_;
    RawImage target_;
    std::vector<Extent> announced_; ///< in order, joined
    std::uint64_t old_size_;
    std::vector<UndoLog> log_; ///< one between announce() and the end
};

} // namespace xenlab::block
