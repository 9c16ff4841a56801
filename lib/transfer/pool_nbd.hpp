// SPDX-License-Identifier: GPL-3.0-or-later
// A disk over the NBD service of its pool (xapi.md 3.4).
#pragma once

#include <xenlab/block/block_device.hpp>
#include <xenlab/lab/connect.hpp>

#include <functional>
#include <memory>

namespace xenlab::transfer {

/// Nothing when the pool does not offer it, or only without TLS (the name of an export holds the
/// session), or it does not work; `say` is told why. The certificate must be the one that the
/// coordinator names. Lives no longer than the session.
std::unique_ptr<block::BlockDevice>
open_pool_nbd(lab::Pool& pool, const xapi::Object<xapi::Vdi>& vdi,
              const std::function<void(const std::string&)>& say);

} // namespace xenlab::transfer
