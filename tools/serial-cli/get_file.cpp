// SPDX-License-Identifier: GPL-3.0-or-later
#include "copy.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/bytes/hex.hpp>
#include <xenlab/io/fd.hpp>
#include <xenlab/serial/sha256.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace xenlab::serial_cli {
namespace {

using serial::Op;
using serial::Tag;

constexpr int most_restarts = 20;

class Get {
  public:
    Get(Client& client, const std::string& guest, const std::string& local,
        const CopyOptions& options)
        : client_(client), guest_(guest), local_(local), options_(options), standard_(local == "-")
    {
    }

    Copied copy()
    {
        for (int tries = 0;; ++tries) {
            try {
                open_local(tries > 0);
                return attempt();
            } catch (const SessionLost& lost) {
                // Bytes on standard output cannot be taken back, but the agent can begin behind
                // them.
                if (tries >= most_restarts)
                    throw;
                client_.context().note(
                    fmt::format("{}; going on with {}", lost.what(), text::printable(guest_)));
                client_.attach();
            }
        }
    }

  private:
    void open_local(bool again)
    {
        if (standard_ || again)
            return;
        struct stat info {};
        direct_ = ::stat(local_.c_str(), &info) == 0 && !S_ISREG(info.st_mode);
        part_ = direct_ ? local_ : local_ + ".part";
        if (!options_.resume || direct_ || ::lstat(part_.c_str(), &info) != 0)
            return; // created when the guest has something to put there
        file_ = io::open_file(part_, O_RDWR | O_NOFOLLOW);
        Buffer buffer(64 * 1024);
        for (;;) {
            const ssize_t count = ::read(file_.get(), buffer.data(), buffer.size());
            if (count <= 0)
                break;
            hash_.update(View(buffer).first(static_cast<std::size_t>(count)));
            position_ += static_cast<std::uint64_t>(count);
        }
    }

    void begin(const serial::Fields& meta)
    {
        size_ = meta.u64(Tag::size).value_or(0);
        mode_ = meta.u32(Tag::mode).value_or(0644);
        mtime_ = meta.u64(Tag::mtime).value_or(0);
        const std::uint64_t offset = meta.u64(Tag::offset).value_or(0);
        result_.resumed_at = offset;
        if (!standard_ && !file_)
            file_ = io::open_file(
                part_, direct_ ? O_WRONLY : O_RDWR | O_CREAT | O_NOFOLLOW | O_TRUNC, 0600);
        if (offset == position_)
            return;
        if (standard_ || direct_ || offset != 0)
            throw Error(
                Errc::failed,
                fmt::format(
                    "{}: has changed in the guest, and what was written cannot be taken back",
                    text::printable(guest_)));
        if (::ftruncate(file_.get(), 0) != 0 || ::lseek(file_.get(), 0, SEEK_SET) < 0)
            throw system_error(errno, text::printable(part_));
        hash_ = {};
        position_ = 0;
    }

    void store(View piece)
    {
        hash_.update(piece);
        position_ += piece.size();
        if (standard_)
            io::write_all(1, piece, "standard output");
        else
            io::write_all(file_.get(), piece, text::printable(part_));
        if (options_.progress != nullptr)
            options_.progress->update(position_, size_ > 0 ? std::optional(size_) : std::nullopt);
    }

    void finish(const serial::Fields& end)
    {
        const auto digest = hash_.digest();
        result_.sha256 = bytes::to_hex(digest);
        result_.size = position_;
        result_.changed = (end.u32(Tag::flags).value_or(0) & serial::flag_changed) != 0;
        if (!serial::equal_digests(end.bytes(Tag::sha256), digest)) {
            if (!standard_ && !direct_)
                ::unlink(part_.c_str());
            throw Error(Errc::bad_data, fmt::format("{}: the checksum of what arrived is wrong",
                                                    text::printable(guest_)));
        }
        if (standard_ || direct_)
            return;
        const mode_t mask = ::umask(0);
        ::umask(mask);
        ::fchmod(file_.get(), options_.mode   ? *options_.mode
                              : options_.keep ? mode_ & 0777U
                                              : 0666U & ~mask);
        if (options_.keep && mtime_ > 0) {
            const timespec time{static_cast<time_t>(mtime_ / 1'000'000'000U),
                                static_cast<long>(mtime_ % 1'000'000'000U)};
            const std::array<timespec, 2> times{time, time};
            ::futimens(file_.get(), times.data());
        }
        if (::fsync(file_.get()) != 0)
            throw system_error(errno, text::printable(part_));
        file_.reset();
        if (std::rename(part_.c_str(), local_.c_str()) != 0)
            throw system_error(errno, text::printable(local_));
        io::sync_directory_of(local_);
    }

    Copied attempt()
    {
        serial::Message message;
        message.add(Tag::path, guest_);
        if (position_ > 0) {
            const auto digest = hash_.digest();
            message.add_u64(Tag::offset, position_).add(Tag::sha256, View(digest));
        }
        const std::uint8_t chan = client_.open(Op::get, message);
        bool done = false, begun = false;
        for (;;) {
            const Client::Event event = client_.expect(chan);
            if (event.kind == Client::Event::Kind::closed) {
                if (done)
                    return result_;
                throw Error(Errc::failed, "the agent gave up");
            }
            if (event.op == Op::data && begun) {
                store(event.body);
                continue;
            }
            if (event.op == Op::error)
                throw agent_error(event.body);
            const auto fields = serial::Fields::parse(event.body);
            if (!fields)
                throw Error(Errc::bad_data, "the agent sent a malformed answer");
            if (event.op == Op::meta && !begun) {
                begin(*fields);
                begun = true;
            } else if (event.op == Op::eof && begun) {
                finish(*fields);
                done = true;
            }
        }
    }

    Client& client_;
    std::string guest_, local_, part_;
    const CopyOptions& options_;
    bool standard_, direct_ = false;
    io::Fd file_;
    serial::Sha256 hash_;
    std::uint64_t position_ = 0, size_ = 0, mtime_ = 0;
    std::uint32_t mode_ = 0644;
    Copied result_;
};

} // namespace

Copied get_file(Client& client, const std::string& guest, const std::string& local,
                const CopyOptions& options)
{
    return Get(client, guest, local, options).copy();
}

std::vector<GuestEntry> list_guest(Client& client, const std::string& guest)
{
    constexpr std::size_t most = 1'000'000;
    serial::Message message;
    message.add(Tag::path, guest).add_u32(Tag::flags, serial::flag_recursive);
    const std::uint8_t chan = client.open(Op::list, message);
    std::vector<GuestEntry> entries;
    bool done = false;
    for (;;) {
        const Client::Event event = client.expect(chan);
        if (event.kind == Client::Event::Kind::closed) {
            if (done)
                return entries;
            throw Error(Errc::failed, "the agent gave up");
        }
        if (event.op == Op::error)
            throw agent_error(event.body);
        const auto fields = serial::Fields::parse(event.body);
        if (!fields || entries.size() > most)
            throw Error(Errc::bad_data, "the agent sent a malformed or endless listing");
        done = done || event.op == Op::done;
        if (event.op == Op::entry)
            entries.push_back(
                {fields->text(Tag::path).value_or(""),
                 static_cast<char>(fields->u32(Tag::kind).value_or('o')),
                 fields->u64(Tag::size).value_or(0), fields->u64(Tag::mtime).value_or(0),
                 fields->u32(Tag::mode).value_or(0), fields->text(Tag::target).value_or("")});
    }
}

} // namespace xenlab::serial_cli
