// SPDX-License-Identifier: GPL-3.0-or-later
// send ADDRESS PORT SIZE RATE SECONDS: UDP packets of SIZE bytes of payload, RATE of them a second,
// evenly; prints how many were sent. RATE 0: as many as go.
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace {

double now()
{
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 6) {
        std::fprintf(stderr, "usage: send ADDRESS PORT SIZE RATE SECONDS\n");
        return 2;
    }
    sockaddr_in target{};
    target.sin_family = AF_INET;
    target.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[2])));
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (inet_pton(AF_INET, argv[1], &target.sin_addr) != 1 ||
        connect(fd, reinterpret_cast<const sockaddr*>(&target), sizeof target) != 0) {
        std::perror("send");
        return 1;
    }
    const double rate = std::atof(argv[4]);
    const double seconds = std::atof(argv[5]);
    std::vector<char> payload(std::strtoul(argv[3], nullptr, 10), 'x');
    constexpr unsigned batch = 64;
    std::vector<iovec> parts(batch, iovec{payload.data(), payload.size()});
    std::vector<mmsghdr> messages(batch);
    for (unsigned i = 0; i < batch; ++i) {
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    unsigned long long sent = 0;
    const double begin = now();
    for (double time = begin; time - begin < seconds; time = now()) {
        const auto due =
            rate > 0 ? static_cast<unsigned long long>((time - begin) * rate) : sent + batch;
        if (due <= sent) {
            const timespec pause{0, 200'000};
            nanosleep(&pause, nullptr);
            continue;
        }
        const auto wanted = static_cast<unsigned>(due - sent < batch ? due - sent : batch);
        const int n = sendmmsg(fd, messages.data(), wanted, 0);
        if (n > 0)
            sent += static_cast<unsigned>(n);
        else if (errno != EAGAIN && errno != ENOBUFS && errno != EINTR && errno != ECONNREFUSED) {
            std::perror("send");
            return 1;
        }
    }
    std::printf("%llu\n", sent);
}
