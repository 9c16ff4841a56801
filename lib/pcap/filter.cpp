// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/pcap/filter.hpp>
#include <xenlab/pcap/reader.hpp>

#include <fmt/format.h>

#include <array>
#include <memory>
#include <pcap/pcap.h>

#include <arpa/inet.h>

namespace xenlab::pcap {
namespace {

struct Close {
    void operator()(pcap_t* handle) const { ::pcap_close(handle); }
};

void check_address(const std::string& address)
{
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    if (::inet_pton(AF_INET, address.c_str(), bytes.data()) != 1 &&
        ::inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1)
        throw Error(Errc::bad_data, fmt::format("{} is no address", text::quoted(address)));
}

void check_port(const std::string& port)
{
    const auto number = text::parse_u64(port);
    if (!number || *number > 65535)
        throw Error(Errc::bad_data, fmt::format("{} is no port", text::quoted(port)));
}

} // namespace

void check_filter(const std::string& expression)
{
    const std::unique_ptr<pcap_t, Close> handle(
        ::pcap_open_dead(DLT_EN10MB, static_cast<int>(most_captured)));
    if (!handle)
        throw Error(Errc::failed, "libpcap: out of memory");
    bpf_program program{};
    if (::pcap_compile(handle.get(), &program, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
        throw Error(Errc::usage,
                    fmt::format("the filter {} is wrong: {}", text::quoted(expression, 200),
                                text::printable(::pcap_geterr(handle.get()))),
                    "pcap-filter(7) has the grammar");
    ::pcap_freecode(&program);
}

std::string without_connection(const std::string& filter, const std::string& address_a,
                               const std::string& port_a, const std::string& address_b,
                               const std::string& port_b)
{
    for (const std::string* address : {&address_a, &address_b})
        check_address(*address);
    for (const std::string* port : {&port_a, &port_b})
        check_port(*port);
    const std::string own = fmt::format("not (tcp and host {} and host {} and port {} and port {})",
                                        address_a, address_b, port_a, port_b);
    return filter.empty() ? own : fmt::format("({}) and {}", filter, own);
}

} // namespace xenlab::pcap
