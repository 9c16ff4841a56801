// SPDX-License-Identifier: GPL-3.0-or-later
#include "ssh_destroy.hpp"

#include <xenlab/base/shell.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/transport/ssh.hpp>

#include <fmt/format.h>

namespace xvm {
namespace {

/// The number in front of the VM's uuid in the output of list_domains: " 12 | 8a0c… | R".
std::optional<std::uint64_t> domain_in(std::string_view list, const std::string& uuid)
{
    for (const std::string_view line : text::split(list, '\n')) {
        const auto cells = text::split(line, '|');
        if (cells.size() >= 2 && text::trim(cells[1]) == uuid)
            return text::parse_u64(text::trim(cells[0]));
    }
    return std::nullopt;
}

} // namespace

void destroy_domain(const lab::VmTarget& vm, transport::TimePoint deadline,
                    const std::stop_token& stop)
{
    const auto* host = vm.pool->host(vm.record.resident_on);
    if (host == nullptr)
        throw Error(Errc::precondition, "the server does not say on which host it runs");
    const std::string where = vm.pool->ssh_destination(*host);
    const auto session = transport::connect_ssh(transport::parse_ssh_target(where), {}, stop);
    const auto run = [&](const std::string& command) {
        transport::SshRunOptions options;
        options.stop = stop;
        options.timeout =
            std::min(options.timeout, std::chrono::duration_cast<std::chrono::milliseconds>(
                                          deadline - std::chrono::steady_clock::now()));
        auto result = transport::run_ssh(*session, command, options);
        if (!result.exit.ok())
            throw Error(Errc::failed, fmt::format("{}: {}: {}", session->peer(), command,
                                                  text::printable(text::trim(result.err))));
        return result.out;
    };
    // /opt/xensource/bin is not in the path of every login shell.
    const auto domain =
        domain_in(run(text::shell_command({"/opt/xensource/bin/list_domains"})), vm.record.uuid);
    if (!domain)
        return;
    if (*domain == 0)
        throw Error(Errc::failed, "list_domains gave the control domain for this VM");
    run(text::shell_command({"xl", "destroy", fmt::format("{}", *domain)}));
}

} // namespace xvm
