// SPDX-License-Identifier: GPL-3.0-or-later
#include "copy.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/bytes/hex.hpp>
#include <xenlab/io/fd.hpp>
#include <xenlab/serial/sha256.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace xenlab::serial_cli {
namespace {

using serial::Op;
using serial::Tag;

constexpr int most_restarts = 20;

std::size_t read_some(int fd, std::span<std::byte> buffer, const std::string& name)
{
    for (;;) {
        const ssize_t count = ::read(fd, buffer.data(), buffer.size());
        if (count >= 0)
            return static_cast<std::size_t>(count);
        if (errno != EINTR && errno != EAGAIN)
            throw system_error(errno, text::printable(name));
    }
}

class Put {
  public:
    Put(Client& client, const std::string& local, const std::string& guest,
        const CopyOptions& options)
        : client_(client), local_(local), guest_(guest), options_(options), standard_(local == "-")
    {
        if (!standard_)
            file_ = io::open_file(local, O_RDONLY);
        fd_ = standard_ ? 0 : file_.get();
        if (::fstat(fd_, &info_) != 0)
            throw system_error(errno, text::printable(local));
        if (S_ISDIR(info_.st_mode))
            throw Error(Errc::usage, fmt::format("{}: is a directory", text::printable(local)),
                        "-r copies directories");
        seekable_ = S_ISREG(info_.st_mode) && ::lseek(fd_, 0, SEEK_CUR) == 0;
    }

    Copied copy()
    {
        for (int tries = 0;; ++tries) {
            try {
                return attempt(tries > 0);
            } catch (const SessionLost& lost) {
                if (!seekable_ || tries >= most_restarts)
                    throw;
                client_.context().note(
                    fmt::format("{}; going on with {}", lost.what(), text::printable(local_)));
                client_.attach();
            }
        }
    }

  private:
    [[nodiscard]] serial::Message request(bool again) const
    {
        serial::Message message;
        message.add(Tag::path, guest_);
        if (!standard_)
            message.add(Tag::target, std::filesystem::path(local_).filename().string());
        if (S_ISREG(info_.st_mode)) {
            message.add_u64(Tag::size, static_cast<std::uint64_t>(info_.st_size));
            if (options_.keep && info_.st_mtim.tv_sec >= 0)
                message.add_u64(Tag::mtime,
                                static_cast<std::uint64_t>(info_.st_mtim.tv_sec) * 1'000'000'000U +
                                    static_cast<std::uint64_t>(info_.st_mtim.tv_nsec));
        }
        if (options_.mode)
            message.add_u32(Tag::mode, *options_.mode);
        else if (options_.keep && S_ISREG(info_.st_mode))
            message.add_u32(Tag::mode, info_.st_mode & 07777U);
        message.add_u32(Tag::flags,
                        (options_.resume || again) && seekable_ ? serial::flag_resume : 0);
        return message;
    }

    /// Agrees with the agent where to begin.
    void agree(View body)
    {
        const auto fields = serial::Fields::parse(body);
        const std::uint64_t offset = fields ? fields->u64(Tag::offset).value_or(0) : 0;
        hash_ = {};
        position_ = 0;
        if (seekable_)
            ::lseek(fd_, 0, SEEK_SET);
        if (offset == 0)
            return;
        Buffer buffer(64 * 1024);
        while (seekable_ && position_ < offset) {
            const std::size_t want = static_cast<std::size_t>(
                std::min<std::uint64_t>(buffer.size(), offset - position_));
            const std::size_t count = read_some(fd_, std::span(buffer).first(want), local_);
            if (count == 0)
                break;
            hash_.update(View(buffer).first(count));
            position_ += count;
        }
        if (position_ == offset &&
            serial::equal_digests(hash_.digest(), fields->bytes(Tag::sha256))) {
            result_.resumed_at = offset;
            return;
        }
        client_.send(chan_, Op::have); // what lies there is of something else
        hash_ = {};
        position_ = 0;
        if (seekable_)
            ::lseek(fd_, 0, SEEK_SET);
    }

    void finish_source()
    {
        const auto digest = hash_.digest();
        result_.size = position_;
        result_.sha256 = bytes::to_hex(digest);
        struct stat after {};
        result_.changed =
            S_ISREG(info_.st_mode) && ::fstat(fd_, &after) == 0 &&
            (after.st_size != info_.st_size || after.st_mtim.tv_sec != info_.st_mtim.tv_sec ||
             after.st_mtim.tv_nsec != info_.st_mtim.tv_nsec);
        client_.send(chan_, Op::eof, serial::Message().add(Tag::sha256, View(digest)));
    }

    Copied attempt(bool again)
    {
        result_ = {};
        chan_ = client_.open(Op::put, request(again));
        bool agreed = false, sent = false, done = false;
        Buffer buffer(16 * 1024);
        for (;;) {
            auto event = agreed && !sent ? client_.pump() : std::optional(client_.expect(chan_));
            if (event && event->chan == chan_) {
                if (event->kind == Client::Event::Kind::closed) {
                    if (done)
                        return result_;
                    throw Error(Errc::failed, "the agent gave up");
                }
                if (event->op == Op::error)
                    throw agent_error(event->body);
                if (event->op == Op::have) {
                    agree(event->body);
                    agreed = true;
                } else if (event->op == Op::done) {
                    done = check(event->body);
                }
                continue;
            }
            if (!agreed || sent)
                continue;
            const std::size_t count = read_some(fd_, buffer, local_);
            if (count == 0) {
                finish_source();
                sent = true;
                continue;
            }
            const View piece = View(buffer).first(count);
            hash_.update(piece);
            position_ += count;
            client_.send(chan_, Op::data, piece);
            if (options_.progress != nullptr)
                options_.progress->update(
                    position_, S_ISREG(info_.st_mode)
                                   ? std::optional(static_cast<std::uint64_t>(info_.st_size))
                                   : std::nullopt);
        }
    }

    bool check(View body)
    {
        const auto fields = serial::Fields::parse(body);
        if (!fields || bytes::to_hex(fields->bytes(Tag::sha256)) != result_.sha256)
            throw Error(Errc::bad_data, fmt::format("{}: the guest reports another checksum",
                                                    text::printable(guest_)));
        result_.path = fields->text(Tag::path).value_or(guest_);
        return true;
    }

    Client& client_;
    std::string local_, guest_;
    const CopyOptions& options_;
    bool standard_, seekable_ = false;
    io::Fd file_;
    int fd_ = -1;
    struct stat info_ {};
    serial::Sha256 hash_;
    std::uint64_t position_ = 0;
    std::uint8_t chan_ = 0;
    Copied result_;
};

} // namespace

Copied put_file(Client& client, const std::string& local, const std::string& guest,
                const CopyOptions& options)
{
    return Put(client, local, guest, options).copy();
}

void request_done(Client& client, Op op, const serial::Message& message)
{
    const std::uint8_t chan = client.open(op, message);
    for (;;) {
        const Client::Event event = client.expect(chan);
        if (event.kind == Client::Event::Kind::closed)
            return;
        if (event.op == Op::error)
            throw agent_error(event.body);
    }
}

} // namespace xenlab::serial_cli
