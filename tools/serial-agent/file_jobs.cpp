// SPDX-License-Identifier: GPL-3.0-or-later
// PUT and GET: a file appears under its name only when it is whole and its SHA-256 is right.
#include "job.hpp"

#include <xenlab/serial/sha256.hpp>

#include <algorithm>

namespace xenlab::agent {
namespace {

using serial::Op;
using serial::Tag;

constexpr std::size_t slice = 64 * 1024; // hashed at a time, so that the link stays alive

std::string wanted_path(const serial::Fields& fields)
{
    std::string path = fields.text(Tag::path).value_or("");
    if (path.empty() || path.find('\0') != std::string::npos || path.size() > 4096)
        throw SystemFailure(2, "the path is empty, too long or holds a zero byte");
    return path;
}

class PutJob final : public Job {
  public:
    PutJob(const serial::Fields& fields, Line line) : line_(line), path_(wanted_path(fields))
    {
        const bool folder = path_.back() == '/' || is_directory(path_);
        if (folder) {
            const std::string name = fields.text(Tag::target).value_or("");
            if (name.empty() || name.find('/') != std::string::npos)
                throw SystemFailure(1, path_ + ": is a directory");
            path_ += (path_.back() == '/' ? "" : "/") + name;
        }
        if (const auto there = look_at(path_); there && there->kind == 'o')
            throw SystemFailure(1, path_ + ": is a device, a pipe or a socket, which a file "
                                           "would replace");
        part_ = path_ + ".part";
        mode_ = fields.u32(Tag::mode);
        mtime_ = fields.u64(Tag::mtime);
        const bool resume = (fields.u32(Tag::flags).value_or(0) & serial::flag_resume) != 0;
        file_ = File::open_part(part_, resume);
        old_ = file_->info().size;
        if (old_ == 0)
            announce();
    }

    ~PutJob() override
    {
        file_.reset(); // Windows removes no open file
        if (failed_)
            remove_file(part_);
    }
    PutJob(const PutJob&) = delete;
    PutJob& operator=(const PutJob&) = delete;

    void message(Op op, View body) override
    {
        if (op == Op::data) {
            failed_ = true; // a full disk leaves nothing behind
            file_->write(body);
            failed_ = false;
            hash_.update(body);
            line_.consumed(body.size());
        } else if (op == Op::eof) {
            finish(body);
        } else if (op == Op::have) { // the host does not want what we have
            file_->truncate(0);
            hash_ = {};
        }
    }

    State step(Millis /*now*/) override
    {
        if (finished_)
            return State::finished;
        if (announced_)
            return State::waiting;
        Buffer buffer(slice);
        const std::size_t count = file_->read(buffer);
        hash_.update(View(buffer).first(count));
        hashed_ += count;
        if (count == 0 || hashed_ >= old_)
            announce();
        return State::busy;
    }

  private:
    void announce()
    {
        announced_ = true;
        const auto digest = hash_.digest();
        line_.send(Op::have,
                   serial::Message().add_u64(Tag::offset, hashed_).add(Tag::sha256, View(digest)));
    }

    void finish(View body)
    {
        const auto fields = serial::Fields::parse(body);
        const auto digest = hash_.digest();
        if (!fields || !serial::equal_digests(fields->bytes(Tag::sha256), digest)) {
            failed_ = true;
            throw SystemFailure(7, path_ + ": the checksum of what arrived is wrong");
        }
        failed_ = true;
        file_->finish(mode_, mtime_);
        file_.reset();
        replace_file(part_, path_);
        failed_ = false;
        finished_ = true;
        line_.send(Op::done,
                   serial::Message().add(Tag::sha256, View(digest)).add(Tag::path, path_));
    }

    Line line_;
    std::string path_, part_;
    std::optional<std::uint32_t> mode_;
    std::optional<std::uint64_t> mtime_;
    std::unique_ptr<File> file_;
    serial::Sha256 hash_;
    std::uint64_t old_ = 0, hashed_ = 0;
    bool announced_ = false, finished_ = false, failed_ = false;
};

class GetJob final : public Job {
  public:
    GetJob(const serial::Fields& fields, Line line)
        : line_(line), path_(wanted_path(fields)), file_(File::open_read(path_)),
          info_(file_->info()), offset_(fields.u64(Tag::offset).value_or(0)),
          theirs_(fields.bytes(Tag::sha256).begin(), fields.bytes(Tag::sha256).end())
    {
        if (info_.kind == 'd')
            throw SystemFailure(1, path_ + ": is a directory");
        if (offset_ > info_.size)
            offset_ = 0;
        if (offset_ == 0)
            announce();
    }

    void message(Op /*op*/, View /*body*/) override {}

    State step(Millis /*now*/) override
    {
        if (!announced_)
            return hash_prefix();
        const std::size_t room = line_.room();
        if (room == 0)
            return State::waiting;
        Buffer buffer(std::min<std::size_t>(room, 16 * 1024));
        std::size_t want = buffer.size();
        if (info_.kind == 'f' && info_.size > 0) // what a file grows by meanwhile is not taken
            want = static_cast<std::size_t>(std::min<std::uint64_t>(want, info_.size - position_));
        const std::size_t count = want == 0 ? 0 : file_->read(std::span(buffer).first(want));
        if (count == 0)
            return end();
        const View piece = View(buffer).first(count);
        hash_.update(piece);
        position_ += count;
        line_.send(Op::data, piece);
        return State::busy;
    }

  private:
    State hash_prefix()
    {
        Buffer buffer(
            static_cast<std::size_t>(std::min<std::uint64_t>(slice, offset_ - position_)));
        const std::size_t count = file_->read(buffer);
        hash_.update(View(buffer).first(count));
        position_ += count;
        if (count != 0 && position_ < offset_)
            return State::busy;
        if (position_ != offset_ || !serial::equal_digests(hash_.digest(), theirs_)) {
            file_ = File::open_read(path_); // another file than the one that was begun
            info_ = file_->info();
            hash_ = {};
            position_ = 0;
        }
        announce();
        return State::busy;
    }

    void announce()
    {
        announced_ = true;
        line_.send(Op::meta, serial::Message()
                                 .add_u64(Tag::size, info_.size)
                                 .add_u32(Tag::mode, info_.mode)
                                 .add_u64(Tag::mtime, info_.mtime)
                                 .add_u32(Tag::kind, static_cast<std::uint32_t>(info_.kind))
                                 .add_u64(Tag::offset, position_));
    }

    State end()
    {
        const FileInfo after = file_->info();
        const bool changed =
            info_.kind == 'f' && (after.size != info_.size || after.mtime != info_.mtime ||
                                  (info_.size > 0 && position_ < info_.size));
        const auto digest = hash_.digest();
        line_.send(Op::eof, serial::Message()
                                .add(Tag::sha256, View(digest))
                                .add_u64(Tag::size, position_)
                                .add_u32(Tag::flags, changed ? serial::flag_changed : 0));
        return State::finished;
    }

    Line line_;
    std::string path_;
    std::unique_ptr<File> file_;
    FileInfo info_;
    serial::Sha256 hash_;
    std::uint64_t offset_, position_ = 0;
    Buffer theirs_;
    bool announced_ = false;
};

/// LIST: a file, or a directory and what is below it. Links are reported, never followed.
class ListJob final : public Job {
  public:
    ListJob(const serial::Fields& fields, Line line) : line_(line), root_(wanted_path(fields))
    {
        recursive_ = (fields.u32(Tag::flags).value_or(0) & serial::flag_recursive) != 0;
        auto info = look_at(root_);
        if (!info)
            throw SystemFailure(3, root_ + ": no such file or directory");
        if (info->kind == 'l' && is_directory(root_)) // what is named is followed, once
            info->kind = 'd';
        report("", *info);
        if (info->kind == 'd')
            waiting_.emplace_back("");
    }

    void message(Op /*op*/, View /*body*/) override {}

    State step(Millis /*now*/) override
    {
        if (line_.room() == 0)
            return State::waiting;
        if (waiting_.empty()) {
            line_.send(Op::done, serial::Message());
            return State::finished;
        }
        const std::string folder = std::move(waiting_.back());
        waiting_.pop_back();
        auto names = names_in(folder.empty() ? root_ : root_ + "/" + folder);
        std::ranges::sort(names);
        for (const std::string& name : names) {
            const std::string relative = folder.empty() ? name : folder + "/" + name;
            const auto info = look_at(root_ + "/" + relative);
            if (!info)
                continue; // gone meanwhile
            report(relative, *info);
            if (recursive_ && info->kind == 'd' && relative.size() < 4000)
                waiting_.push_back(relative);
        }
        return State::busy;
    }

  private:
    void report(const std::string& relative, const FileInfo& info)
    {
        line_.send(Op::entry, serial::Message()
                                  .add(Tag::path, relative)
                                  .add_u32(Tag::kind, static_cast<std::uint32_t>(info.kind))
                                  .add_u64(Tag::size, info.size)
                                  .add_u32(Tag::mode, info.mode)
                                  .add_u64(Tag::mtime, info.mtime)
                                  .add(Tag::target, info.target));
    }

    Line line_;
    std::string root_;
    bool recursive_ = false;
    std::vector<std::string> waiting_;
};

} // namespace

std::unique_ptr<Job> make_put(const serial::Fields& fields, Line line)
{
    return std::make_unique<PutJob>(fields, line);
}

std::unique_ptr<Job> make_get(const serial::Fields& fields, Line line)
{
    return std::make_unique<GetJob>(fields, line);
}

std::unique_ptr<Job> make_list(const serial::Fields& fields, Line line)
{
    return std::make_unique<ListJob>(fields, line);
}

std::unique_ptr<Job> make_job(Op op, const serial::Fields& fields, View body, Line line,
                              const std::string& mark)
{
    switch (op) {
    case Op::exec:
        return make_exec(fields, line, mark);
    case Op::put:
        return make_put(fields, line);
    case Op::get:
        return make_get(fields, line);
    case Op::list:
        return make_list(fields, line);
    case Op::mkdir:
        make_directories(wanted_path(fields), fields.u32(Tag::mode).value_or(0777));
        if (const auto mtime = fields.u64(Tag::mtime)) // all that goes into it is there
            dress_directory(wanted_path(fields), fields.u32(Tag::mode), *mtime);
        line.send(Op::done, serial::Message());
        return nullptr;
    case Op::link:
        make_link(fields.text(Tag::target).value_or(""), wanted_path(fields));
        line.send(Op::done, serial::Message());
        return nullptr;
    case Op::ping:
        line.send(Op::pong, body);
        return nullptr;
    case Op::info: {
        serial::Message facts;
        for (const std::string& fact : system_facts())
            facts.add(Tag::fact, fact);
        line.send(Op::facts, facts);
        return nullptr;
    }
    default:
        throw SystemFailure(1, "this agent does not know the operation");
    }
}

} // namespace xenlab::agent
