// SPDX-License-Identifier: GPL-3.0-or-later
#include "devices.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xvm {

std::vector<xapi::Object<xapi::Vbd>> vbds_of(const lab::VmTarget& vm)
{
    auto vbds =
        vm.pool->session().get_all<xapi::Vbd>(fmt::format("field \"VM\" = \"{}\"", vm.ref.str()));
    std::sort(vbds.begin(), vbds.end(), [](const auto& a, const auto& b) {
        return text::parse_u64(a.record.userdevice).value_or(999) <
               text::parse_u64(b.record.userdevice).value_or(999);
    });
    return vbds;
}

std::string plug(const lab::VmTarget& vm, const cli::Context& context, std::string_view method,
                 const xmlrpc::Value& device)
{
    const std::string state = vm.record.power_state;
    if (state != "Running")
        return state == "Suspended" ? "there after the next halt and start" : "attached";
    try {
        run_task(*vm.pool, context, method, {device});
        return "plugged in";
    } catch (const xapi::Fault& fault) {
        if (!fault.is("VM_MISSING_PV_DRIVERS") && !fault.is("VM_OLD_PV_DRIVERS"))
            throw;
        return "there at the next start: the guest has no PV drivers to take it now";
    }
}

} // namespace xvm
