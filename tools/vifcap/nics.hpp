// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "modes.hpp"

#include <xenlab/lab/connect.hpp>
#include <xenlab/lab/targets.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace vifcap {

/// Foreign text, as XAPI gives it.
struct Nic {
    std::string vm, device, mac, network, host;
    std::int64_t domid = -1;
    std::string uuid;
};

/// Of all chosen pools, by name.
std::vector<Nic> running_nics(xenlab::lab::Pools& pools);

} // namespace vifcap
