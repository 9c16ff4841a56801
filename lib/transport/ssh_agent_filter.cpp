// SPDX-License-Identifier: GPL-3.0-or-later
#include "ssh_agent_filter.hpp"

#include "ssh_user_keys.hpp"
#include "unix_address.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/bytes/endian.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <span>

#include <fcntl.h>
#include <sys/socket.h>

namespace xenlab::transport {
namespace {

constexpr std::size_t longest_message = 256U << 10U; // as ssh-agent(1)
constexpr char identities_answer = 12;

void append_number(std::string& text, std::size_t number)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        text += static_cast<char>(number >> static_cast<unsigned>(shift) & 0xffU);
}

bool receive(int fd, std::span<char> data)
{
    while (!data.empty()) {
        const ssize_t n = ::recv(fd, data.data(), data.size(), 0);
        if (n == 0 || (n < 0 && errno != EINTR))
            return false;
        data = data.subspan(n < 0 ? 0 : static_cast<std::size_t>(n));
    }
    return true;
}

/// One message without its length; nothing at the end.
std::optional<std::string> receive_message(int fd)
{
    std::array<char, 4> length{};
    if (!receive(fd, length))
        return std::nullopt;
    const std::size_t size = bytes::be32(std::as_bytes(std::span(length)), 0);
    if (size == 0 || size > longest_message)
        return std::nullopt;
    std::string message(size, '\0');
    if (!receive(fd, message))
        return std::nullopt;
    return message;
}

bool send_message(int fd, const std::string& message)
{
    std::string whole;
    append_number(whole, message.size());
    whole += message;
    std::string_view rest = whole;
    while (!rest.empty()) {
        const ssize_t n = ::send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            return false;
        rest.remove_prefix(n < 0 ? 0 : static_cast<std::size_t>(n));
    }
    return true;
}

} // namespace

AgentFilter::AgentFilter(const std::string& path, std::vector<std::string> keys)
    : keys_(std::move(keys)), agent_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
{
    const sockaddr_un address = unix_address(path);
    std::array<int, 2> ends{};
    if (!agent_ ||
        ::connect(agent_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw system_error(errno, path);
    inner_ = io::Fd(ends[0]);
    outer_ = io::Fd(ends[1]);
    thread_ = std::thread([this] { relay(); });
}

AgentFilter::~AgentFilter()
{
    for (const io::Fd* fd : {&inner_, &agent_})
        ::shutdown(fd->get(), SHUT_RDWR);
    thread_.join();
}

int AgentFilter::take_socket()
{
    const int fd = ::fcntl(outer_.get(), F_DUPFD_CLOEXEC, 3);
    outer_.reset();
    return fd;
}

void AgentFilter::relay()
{
    while (const auto question = receive_message(inner_.get())) {
        if (!send_message(agent_.get(), *question))
            break;
        const auto answer = receive_message(agent_.get());
        if (!answer || !send_message(inner_.get(), filtered(*answer)))
            break;
    }
    ::shutdown(inner_.get(), SHUT_RDWR);
}

/// byte 12, number of keys, and for each a blob and a comment.
std::string AgentFilter::filtered(const std::string& answer) const
{
    if (answer.front() != identities_answer)
        return answer;
    const auto data = std::as_bytes(std::span(answer));
    std::string kept;
    std::size_t count = 0;
    std::size_t at = 5;
    while (at < answer.size()) {
        const std::size_t begin = at;
        std::string_view blob;
        for (int i = 0; i < 2; ++i) {
            const std::size_t left = answer.size() - at;
            const std::size_t length = left < 4 ? left : bytes::be32(data, at);
            if (left < 4 || length > left - 4)
                return std::string(1, identities_answer) + std::string(4, '\0');
            if (i == 0)
                blob = std::string_view(answer).substr(at + 4, length);
            at += 4 + length;
        }
        if (std::any_of(keys_.begin(), keys_.end(),
                        [&](const std::string& key) { return belongs_to(blob, key); })) {
            kept += answer.substr(begin, at - begin);
            ++count;
        }
    }
    std::string result(1, identities_answer);
    append_number(result, count);
    return result + kept;
}

} // namespace xenlab::transport
