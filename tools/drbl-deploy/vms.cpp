// SPDX-License-Identifier: GPL-3.0-or-later
#include "vms.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/drbl/names.hpp>
#include <xenlab/lab/targets.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

namespace drbl_deploy {

std::vector<VmCards> cards_of_vms(const lab::ConnectOptions& connect, const std::string& glob,
                                  const cli::Context& context)
{
    lab::Pools pools(connect,
                     lab::Words{[&](std::string_view words) { context.note(words); },
                                [&](std::string_view words) { context.detail(words); }},
                     context.stop);
    lab::TargetOptions targets;
    targets.words = {glob};
    std::map<lab::Pool*, std::map<std::string, std::vector<std::string>>> cards;
    std::vector<VmCards> vms;
    for (const lab::VmTarget& vm : lab::resolve_vms(pools, targets)) {
        auto& of_pool = cards[vm.pool];
        if (of_pool.empty())
            for (const auto& vif : vm.pool->session().get_all<xapi::Vif>())
                if (const auto mac = drbl::parse_mac(vif.record.MAC))
                    of_pool[vif.record.VM.str()].push_back(*mac);
        vms.push_back({text::printable(vm.label()), of_pool[vm.ref.str()]});
    }
    return vms;
}

std::vector<drbl::TargetWord> words_of_vms(const std::vector<VmCards>& vms,
                                           const drbl::Clients& known)
{
    std::vector<drbl::TargetWord> words;
    std::vector<std::string> unknown;
    for (const VmCards& vm : vms) {
        const auto it = std::find_if(vm.macs.begin(), vm.macs.end(), [&](const std::string& mac) {
            return std::any_of(known.list.begin(), known.list.end(),
                               [&](const drbl::Client& client) { return client.mac == mac; });
        });
        if (it == vm.macs.end())
            unknown.push_back(vm.name);
        else
            words.push_back({drbl::TargetWord::Kind::mac, *it});
    }
    if (!unknown.empty())
        throw Error(Errc::not_found,
                    fmt::format("the server knows no network card of {}", fmt::join(unknown, ", ")),
                    "add their MAC addresses to its dhcpd.conf");
    return words;
}

} // namespace drbl_deploy
