// SPDX-License-Identifier: GPL-3.0-or-later
#include "capture.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/follow/host_watch.hpp>
#include <xenlab/pcap/reader.hpp>

#include <fmt/format.h>

#include <array>
#include <memory>

namespace vifcap {

using namespace xenlab;
using namespace std::chrono_literals;
using transport::deadline_in;

namespace {

constexpr std::chrono::seconds time_to_end{10};
constexpr std::size_t most_at_once = 1024;

/// Standard output of the remote tcpdump. While it is silent, the host is told that we live; when
/// an end was requested, it gets time for the rest.
class PacketSource final : public io::ByteSource {
  public:
    PacketSource(transport::SshCommand& command, const std::stop_token& stop)
        : command_(command), stop_(stop)
    {
    }
    std::size_t read(std::span<std::byte> buffer) override
    {
        for (;;) {
            if (stop_.stop_requested() && !ending_) {
                command_.close_stdin();
                ending_ = true;
                last_ = deadline_in(time_to_end);
            }
            const auto now = transport::TimePoint::clock::now();
            if (!ending_ && now >= next_sign_) {
                follow::send_sign_of_life(command_);
                next_sign_ = now + follow::sign_of_life_every;
            }
            try { // short, to see a stop
                const std::size_t n = command_.read_stdout(buffer, now + 50ms);
                position_ += n;
                return n;
            } catch (const Error& error) {
                if (error.code() != Errc::timeout || (ending_ && now >= last_))
                    throw;
            }
        }
    }
    [[nodiscard]] std::uint64_t position() const override { return position_; }

  private:
    transport::SshCommand& command_;
    const std::stop_token& stop_;
    bool ending_ = false;
    transport::TimePoint last_{};
    transport::TimePoint next_sign_ = deadline_in(follow::sign_of_life_every);
    std::uint64_t position_ = 0;
};

/// "12 packets captured" -> 12
std::optional<std::uint64_t> counter(std::string_view line, std::string_view words)
{
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos)
        return std::nullopt;
    const std::string_view rest = line.substr(blank + 1);
    if (rest != fmt::format("packets {}", words) && rest != fmt::format("packet {}", words))
        return std::nullopt;
    return text::parse_u64(line.substr(0, blank));
}

/// What nobody wants any more: tcpdump can only end when it has got rid of it.
void drain(transport::SshCommand& command, transport::TimePoint deadline)
{
    std::vector<std::byte> rest(64U << 10U);
    while (command.read_stdout(rest, deadline) > 0) {
    }
}

} // namespace

std::uint64_t CaptureEnd::lost() const
{
    const std::uint64_t known = captured.value_or(0) + dropped.value_or(0);
    return received && captured && *received > known ? *received - known : 0;
}

Capture::Capture(std::shared_ptr<transport::SshSession> session, CaptureOptions options,
                 Output& output, CaptureCallbacks callbacks)
    : session_(std::move(session)), options_(std::move(options)), output_(output),
      callbacks_(std::move(callbacks)), thread_([this](const std::stop_token& stop) { run(stop); })
{
}

Capture::~Capture() = default;

void Capture::end()
{
    thread_.request_stop();
}

/// Told by the header of the packets, or by tcpdump's words: buffered, its header comes late.
void Capture::listens()
{
    std::call_once(listens_, [this] {
        end_.opened = true;
        callbacks_.opened();
    });
}

void Capture::take_line(const std::string& line)
{
    if (const auto captured = counter(line, "captured"))
        end_.captured = captured;
    else if (const auto received = counter(line, "received by filter"))
        end_.received = received;
    else if (const auto dropped = counter(line, "dropped by kernel"))
        end_.dropped = dropped;
    else if (line == "vifcap: gone" || line.find("interface disappeared") != std::string::npos ||
             line.find("No such device") != std::string::npos ||
             line.find("The interface went down") != std::string::npos ||
             line.find("That device is not up") != std::string::npos)
        end_.vanished = true;
    else if (line.find("listening on ") != std::string::npos)
        listens();
    else if (line == "vifcap: old tcpdump") {
        end_.problem.clear(); // that it does not know the option: it is started without
        callbacks_.old();
    } else if (line == "vifcap: no tcpdump")
        end_.problem = "the host has no tcpdump";
    else if (line.starts_with("tcpdump: ") && !line.starts_with("tcpdump: verbose output") &&
             line.find("WARNING") == std::string::npos && line.find("Warning") == std::string::npos)
        end_.problem = text::printable(line);
}

void Capture::read_words(transport::SshCommand& command)
{
    static constexpr std::size_t most = 64U << 10U; // of a line that has no end
    std::string held;
    std::array<std::byte, 4096> part{};
    try {
        while (const std::size_t n = command.read_stderr(part, transport::no_deadline)) {
            held.append(reinterpret_cast<const char*>(part.data()), n);
            for (std::size_t end = 0; (end = held.find('\n')) != std::string::npos;
                 held.erase(0, end + 1))
                take_line(held.substr(0, end));
            if (held.size() > most)
                held.clear();
        }
    } catch (const Error&) { // the packets' side tells what happened
    }
}

void Capture::read_packets(transport::SshCommand& command, const std::stop_token& stop)
{
    PacketSource source(command, stop);
    auto reader = pcap::Reader::open(source);
    if (!reader)
        return;
    listens();
    try {
        number_ = output_.open({.name = options_.plan.interface,
                                .description = options_.description,
                                .filter = options_.plan.filter,
                                .link_type = reader->header().link_type,
                                .snap_length = reader->header().snap_length},
                               options_.comment);
    } catch (const Error&) {
        end_.output_failure = std::current_exception();
        return;
    }
    std::vector<pcap::Packet> packets; // as many as are here at once
    try {
        while (const auto packet = reader->next()) {
            packets.push_back(*packet);
            if (packets.size() < most_at_once && reader->has_more())
                continue;
            if (!pass_on(packets))
                return;
            packets.clear();
        }
    } catch (const Error&) { // the next one is damaged
        pass_on(packets);
        throw;
    }
}

/// False when no more are wanted.
bool Capture::pass_on(std::span<const pcap::Packet> packets)
{
    if (packets.empty())
        return true;
    last_time_ = packets.back().time;
    try {
        const std::size_t written = output_.packets(*number_, packets);
        end_.written += written;
        return written == packets.size();
    } catch (const Error&) {
        end_.output_failure = std::current_exception();
        return false;
    }
}

void Capture::close_source()
{
    if (!number_ || end_.output_failure)
        return;
    pcap::Statistics statistics{
        .time = last_time_, .received = end_.received, .dropped = {}, .comment = {}};
    if (end_.dropped)
        statistics.dropped = *end_.dropped + end_.lost();
    statistics.comment =
        fmt::format("{}: {} packets, {} dropped by the kernel, {} lost at the end",
                    options_.plan.interface, end_.written, end_.dropped.value_or(0), end_.lost());
    try {
        output_.close(*number_, statistics);
    } catch (const Error&) {
        end_.output_failure = std::current_exception();
    }
}

void Capture::run(const std::stop_token& stop)
{
    const auto failed = [this](const Error& error) {
        if (end_.problem.empty() && !end_.vanished)
            end_.problem = error.what();
    };
    try {
        const auto command = session_->start(capture_script(options_.plan),
                                             {.stop = cut_.get_token(),
                                              .skip_noise = true,
                                              .terminal = false,
                                              .buffer = 1U << 20U,
                                              .gather = 2ms},
                                             deadline_in(30s));
        std::jthread words([&] { read_words(*command); });
        std::optional<Error> failure;
        try {
            read_packets(*command, stop);
        } catch (const Error& error) {
            failure = error;
        }
        try {
            command->close_stdin();
            drain(*command, deadline_in(time_to_end));
            command->wait(deadline_in(time_to_end));
        } catch (const Error& error) {
            failure = failure ? failure : error;
        }
        cut_.request_stop();
        words.join(); // from here on end_ is ours alone
        // A killed tcpdump leaves half a record; what matters is why it was killed.
        if (failure)
            failed(*failure);
        close_source();
    } catch (const Error& error) {
        failed(error);
    }
    callbacks_.ended(std::move(end_));
}

} // namespace vifcap
