// SPDX-License-Identifier: GPL-3.0-or-later
#include "joined.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/block/undo_format.hpp>
#include <xenlab/block/undo_log.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace xenlab::block {

namespace {

std::string real_path(const std::string& path)
{
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                           &std::free);
    if (!real)
        throw system_error(errno, path);
    return real.get();
}

struct stat stat_of(const std::string& path)
{
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0)
        throw system_error(errno, path);
    return info;
}

std::string log_path_of(const std::string& path, const UndoOptions& options)
{
    if (!options.log_path.empty())
        return options.log_path;
    if (S_ISBLK(stat_of(path).st_mode))
        throw Error(Errc::precondition,
                    fmt::format("{}: the undo log of a device needs a place of its own",
                                text::printable(path)));
    return real_path(path) + ".undo";
}

std::string part_of(const std::string& log_path)
{
    return log_path + ".part";
}

bool exists(const std::string& path)
{
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0;
}

void remove_file(const std::string& path)
{
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        throw system_error(errno, path);
}

undo::Target identity_of(const RawImage& target)
{
    struct stat info {};
    if (::fstat(target.fd(), &info) != 0)
        throw system_error(errno, target.path());
    const bool device = S_ISBLK(info.st_mode);
    return {.kind = device ? undo::Target::Kind::device : undo::Target::Kind::file,
            .size = target.size(),
            .device = device ? info.st_rdev : info.st_dev,
            .inode = device ? 0 : info.st_ino,
            .path = real_path(target.path())};
}

// A file keeps its inode number, but device numbers may change with a restart; then its path must
// be the same.
void check_identity(const undo::Target& log, const RawImage& file, bool moved)
{
    const undo::Target now = identity_of(file);
    const bool same = now.inode == log.inode && (now.device == log.device || now.path == log.path);
    const bool right_size =
        now.kind == undo::Target::Kind::device ? now.size == log.size : now.size >= log.size;
    if (now.kind != log.kind || !right_size || (!same && !moved))
        throw Error(Errc::precondition,
                    fmt::format("{}: not the file that the undo log was made for, which was {}",
                                text::printable(file.path()), text::quoted(log.path, 4096)));
}

/// Removes a file that was not finished.
class Unfinished {
  public:
    explicit Unfinished(std::string path) : path_(std::move(path)) {}
    ~Unfinished()
    {
        if (!path_.empty())
            ::unlink(path_.c_str());
    }
    Unfinished(const Unfinished&) = delete;
    Unfinished& operator=(const Unfinished&) = delete;
    void keep() { path_.clear(); }

  private:
    std::string path_;
};

void write_log(RawImage& target, std::span<const Extent> extents, const undo::Encoder::Write& write)
{
    undo::Encoder encoder(identity_of(target), write);
    constexpr std::uint64_t piece = 64U << 10U; // small enough to find zeros among the data
    static_assert(piece <= undo::max_data);
    std::vector<std::byte> data;
    for (const Extent& extent : joined(extents, target.size()))
        for (std::uint64_t done = 0; done < extent.length; done += data.size()) {
            data.resize(static_cast<std::size_t>(std::min(piece, extent.length - done)));
            target.read(extent.offset + done, data);
            encoder.add(extent.offset + done, data);
        }
    encoder.seal();
}

} // namespace

void lock_for_edit(RawImage& target)
{
    const std::string shown = text::printable(target.path());
    while (::flock(target.fd(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            throw Error(Errc::precondition,
                        fmt::format("{}: is being changed by another process", shown));
        if (errno != EINTR)
            throw system_error(errno, target.path());
    }
    struct stat opened {};
    const struct stat named = stat_of(target.path());
    if (::fstat(target.fd(), &opened) != 0)
        throw system_error(errno, target.path());
    if (opened.st_ino != named.st_ino || opened.st_dev != named.st_dev)
        throw Error(Errc::precondition, fmt::format("{}: was replaced just now", shown));
    target.update_size();
}

UndoLog::UndoLog(std::string log_path, UndoOptions options)
    : log_path_(std::move(log_path)), options_(std::move(options))
{
}

void UndoLog::step(std::string_view name) const
{
    if (options_.step)
        options_.step(name);
}

UndoLog UndoLog::create(RawImage& target, std::span<const Extent> extents, UndoOptions options)
{
    std::string log_path = log_path_of(target.path(), options);
    UndoLog log(std::move(log_path), std::move(options));
    if (exists(log.log_path_))
        throw Error(Errc::precondition,
                    fmt::format("{}: an earlier edit was cut off", text::printable(target.path())),
                    "undo that edit first");
    const std::string part = part_of(log.log_path_);
    log.step("log: remove an old part");
    remove_file(part); // of an edit that never began; the lock says that nobody is at it

    log.step("log: create");
    const io::Fd fd = io::open_file(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    Unfinished unfinished(part);
    write_log(target, extents, [&](bytes::View data) {
        log.step("log: write");
        io::write_all(fd.get(), data, part);
    });
    log.step("log: sync");
    if (::fsync(fd.get()) != 0)
        throw system_error(errno, part);
    log.step("log: rename");
    if (::rename(part.c_str(), log.log_path_.c_str()) != 0)
        throw system_error(errno, part);
    unfinished.keep();
    log.step("log: sync the folder");
    try {
        io::sync_directory_of(log.log_path_);
    } catch (const Error&) {
        ::unlink(log.log_path_.c_str()); // the target is untouched
        throw;
    }
    return log;
}

void UndoLog::finish()
{
    step("log: remove");
    remove_file(log_path_);
    step("log: sync the folder after removal");
    io::sync_directory_of(log_path_);
}

std::uint64_t UndoLog::restore(RawImage& target) const
{
    RawImage file(log_path_);
    undo::Decoder decoder(file);
    decoder.for_each([](std::uint64_t, bytes::View) {});

    // What is already as it was stays untouched: no block is allocated, so that this works on a
    // full disk, too.
    std::uint64_t restored = 0;
    std::vector<std::byte> now;
    decoder.for_each([&](std::uint64_t offset, bytes::View old) {
        constexpr std::size_t piece = 4096;
        now.resize(old.size());
        target.read(offset, now);
        for (std::size_t at = 0; at < old.size(); at += piece) {
            const bytes::View part = old.subspan(at, std::min(piece, old.size() - at));
            if (std::equal(part.begin(), part.end(), now.begin() + static_cast<std::ptrdiff_t>(at)))
                continue;
            step("target: restore");
            target.write(offset + at, part);
            restored += part.size();
        }
    });
    if (target.size() != decoder.target().size) {
        step("target: cut");
        restored += target.size() - decoder.target().size;
        target.resize(decoder.target().size);
    }
    step("target: sync");
    if (::fsync(target.fd()) != 0)
        throw system_error(errno, target.path());
    return restored;
}

UndoState UndoLog::state(const std::string& path, const UndoOptions& options)
{
    const std::string log_path = log_path_of(path, options);
    return exists(log_path)            ? UndoState::complete
           : exists(part_of(log_path)) ? UndoState::incomplete
                                       : UndoState::none;
}

UndoResult UndoLog::apply(const std::string& path, const UndoOptions& options)
{
    UndoLog log(log_path_of(path, options), options);
    RawImage target(path, Access::read_write);
    lock_for_edit(target);
    const UndoState found = state(path, options);
    if (found == UndoState::none)
        throw Error(Errc::not_found,
                    fmt::format("{}: there is no undo log {}", text::printable(path),
                                text::quoted(log.log_path_, 4096)));
    UndoResult result{.found = found};
    if (found == UndoState::complete) {
        try {
            RawImage file(log.log_path_);
            check_identity(undo::Decoder(file).target(), target, options.moved);
            result.bytes_restored = log.restore(target);
        } catch (const Error& error) {
            throw error.within(text::printable(log.log_path_));
        }
        log.finish();
    }
    log.step("log: remove the part");
    remove_file(part_of(log.log_path_));
    return result;
}

} // namespace xenlab::block
