// SPDX-License-Identifier: GPL-3.0-or-later
// EXEC: a process, its three streams and its end.
#include "job.hpp"

#include <algorithm>
#include <deque>

namespace xenlab::agent {
namespace {

using serial::Op;
using serial::Tag;

/// A daemon that a command leaves behind may hold its pipes open; how long we listen after the end.
constexpr Millis linger = 500;

/// What no system can pass on would be cut off there without a word.
void refuse_zero_bytes(const ExecSpec& spec)
{
    const auto holds_zero = [](const std::string& word) {
        return word.find('\0') != std::string::npos;
    };
    if (std::ranges::any_of(spec.argv, holds_zero) ||
        std::ranges::any_of(spec.environment, holds_zero) || holds_zero(spec.command) ||
        holds_zero(spec.directory) || holds_zero(spec.user))
        throw SystemFailure(2, "a word of the command holds a zero byte");
}

class ExecJob final : public Job {
  public:
    ExecJob(const serial::Fields& fields, Line line, const std::string& mark) : line_(line)
    {
        ExecSpec spec;
        spec.argv = fields.all(Tag::arg);
        spec.command = fields.text(Tag::shell).value_or("");
        spec.shell = fields.text(Tag::shell_kind).value_or("");
        spec.environment = fields.all(Tag::env);
        spec.directory = fields.text(Tag::cwd).value_or("");
        spec.user = fields.text(Tag::user).value_or("");
        spec.mark = mark;
        const std::uint32_t flags = fields.u32(Tag::flags).value_or(0);
        spec.terminal = (flags & serial::flag_tty) != 0;
        spec.no_stdin = (flags & serial::flag_no_stdin) != 0;
        spec.rows = fields.u32(Tag::rows).value_or(24);
        spec.columns = fields.u32(Tag::cols).value_or(80);
        if (spec.argv.empty() && spec.command.empty())
            throw SystemFailure(2, "there is no command");
        refuse_zero_bytes(spec);
        if (const auto limit = fields.u32(Tag::timeout))
            deadline_ = now_millis() + *limit;
        child_ = Child::start(spec);
        input_open_ = !spec.no_stdin;
        if ((flags & serial::flag_interactive) != 0)
            line_.interactive();
        line_.send(Op::started, serial::Message().add_u32(Tag::pid, child_->pid()));
    }

    void message(Op op, View body) override
    {
        if (op == Op::data) {
            if (input_open_)
                input_.insert(input_.end(), body.begin(), body.end());
            else
                line_.consumed(body.size());
        } else if (op == Op::eof) {
            input_ends_ = true;
        } else if (const auto fields = serial::Fields::parse(body)) {
            if (op == Op::signal)
                signal(fields->u32(Tag::signal).value_or(0));
            else if (op == Op::resize)
                child_->resize(fields->u32(Tag::rows).value_or(24),
                               fields->u32(Tag::cols).value_or(80));
        }
    }

    State step(Millis now) override
    {
        bool moved = feed();
        moved = pull(Child::Stream::out, Op::out, out_open_) || moved;
        moved = pull(Child::Stream::err, Op::err, err_open_) || moved;
        if (now >= deadline_) {
            deadline_ = serial::never;
            timed_out_ = true;
            child_->kill_tree();
        }
        if (!status_) {
            status_ = child_->ended();
            ended_at_ = now;
        }
        if (moved) {
            ended_at_ = now;
            return State::busy;
        }
        if (!status_)
            return State::waiting;
        const bool drained = !out_open_ && !err_open_;
        if (!drained && (now < ended_at_ + linger || line_.room() == 0))
            return State::waiting;
        serial::Message end;
        end.add_u32(status_->signalled ? Tag::signal : Tag::code, status_->code);
        if (timed_out_)
            end.add(Tag::text, "timeout");
        line_.send(Op::exit, end);
        return State::finished;
    }

    [[nodiscard]] Millis wakeup() const override
    {
        return std::min(deadline_, status_ ? ended_at_ + linger : serial::never);
    }

    [[nodiscard]] std::optional<ChildInterest> interest() override
    {
        const bool room = line_.room() > 0;
        return ChildInterest{child_.get(), input_open_ && !input_.empty(), out_open_ && room,
                             err_open_ && room};
    }

  private:
    void signal(std::uint32_t number)
    {
        if (number == 9)
            child_->kill_tree();
        else
            child_->send_signal(number);
    }

    bool feed()
    {
        bool moved = false;
        while (input_open_ && !input_.empty()) {
            const auto taken = child_->write(input_);
            if (!taken) { // nobody reads; as in a pipe, that is the writer's business
                line_.consumed(input_.size());
                input_.clear();
                input_open_ = false;
                return true;
            }
            if (*taken == 0)
                break;
            line_.consumed(*taken);
            input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(*taken));
            moved = true;
        }
        if (input_open_ && input_ends_ && input_.empty()) {
            child_->close_input();
            input_open_ = false;
        }
        return moved;
    }

    bool pull(Child::Stream stream, Op op, bool& open)
    {
        const std::size_t room = std::min(line_.room(), buffer_.size());
        if (!open || room == 0)
            return false;
        const auto count = child_->read(stream, std::span(buffer_).first(room));
        if (!count) {
            open = false;
            return false;
        }
        if (*count == 0)
            return false;
        line_.send(op, View(buffer_).first(*count));
        return true;
    }

    Line line_;
    std::unique_ptr<Child> child_;
    Buffer input_;
    Buffer buffer_ = Buffer(8192);
    bool input_open_ = true, input_ends_ = false, out_open_ = true, err_open_ = true;
    bool timed_out_ = false;
    std::optional<ExitStatus> status_;
    Millis ended_at_ = 0, deadline_ = serial::never;
};

} // namespace

std::unique_ptr<Job> make_exec(const serial::Fields& fields, Line line, const std::string& mark)
{
    return std::make_unique<ExecJob>(fields, line, mark);
}

} // namespace xenlab::agent
