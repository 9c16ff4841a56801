// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/transport/ssh.hpp>

#include <fmt/format.h>

#include <array>

namespace xenlab::transport {
namespace {

class StdoutSource final : public io::ByteSource {
  public:
    StdoutSource(SshCommand& command, std::chrono::milliseconds silence)
        : command_(command), silence_(silence)
    {
    }
    std::size_t read(std::span<std::byte> buffer) override
    {
        const std::size_t n = command_.read_stdout(buffer, deadline_in(silence_));
        position_ += n;
        return n;
    }
    [[nodiscard]] std::uint64_t position() const override { return position_; }

  private:
    SshCommand& command_;
    std::chrono::milliseconds silence_;
    std::uint64_t position_ = 0;
};

template <typename Read>
std::string read_all(Read read, std::size_t limit, const std::string& peer)
{
    std::string text;
    std::array<std::byte, 16384> part{};
    while (const std::size_t n = read(std::span<std::byte>(part))) {
        if (text.size() + n > limit)
            throw Error(Errc::bad_data,
                        fmt::format("{}: the command prints more than {} bytes", peer, limit));
        text.append(reinterpret_cast<const char*>(part.data()), n);
    }
    return text;
}

} // namespace

SshResult run_ssh(SshSession& session, const std::string& command, const SshRunOptions& options)
{
    const TimePoint deadline = deadline_in(options.timeout);
    SshCommandOptions how;
    how.stop = options.stop;
    how.buffer = options.limit + 65536; // so that no stream can hold up the other
    const auto running = session.start(command, how, deadline);
    try {
        if (!options.input.empty())
            running->write_stdin(std::as_bytes(std::span(options.input)), deadline);
    } catch (const Error& error) {
        if (error.code() != Errc::failed) // it needs no more input: its status tells the rest
            throw;
    }
    running->close_stdin();
    SshResult result;
    result.out = read_all([&](auto part) { return running->read_stdout(part, deadline); },
                          options.limit, session.peer());
    result.err = read_all([&](auto part) { return running->read_stderr(part, deadline); },
                          options.limit, session.peer());
    result.exit = running->wait(deadline);
    return result;
}

std::unique_ptr<io::ByteSource> stdout_source(SshCommand& command,
                                              std::chrono::milliseconds silence)
{
    return std::make_unique<StdoutSource>(command, silence);
}

} // namespace xenlab::transport
