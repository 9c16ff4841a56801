// SPDX-License-Identifier: GPL-3.0-or-later
// From VM[:N] to NICs, hosts and SSH, over XAPI; and from XAPI's events to the recorder.
#pragma once

#include "modes.hpp"
#include "recorder.hpp"
#include "ssh_access.hpp"

#include <xenlab/follow/vm_watch.hpp>
#include <xenlab/lab/targets.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace vifcap {

/// "web1:0" -> "web1" and 0; a name that ends so is tried whole first.
struct NicWord {
    std::string vm;
    std::optional<unsigned> device;
};
NicWord split_nic(const std::string& word);

/// The VMs of the command line. One thread, but for the watches it starts.
class PoolTargets {
  public:
    PoolTargets(const Options& options, const xenlab::cli::Context& context);
    /// Puts SSH of hosts back to how it was.
    ~PoolTargets();
    PoolTargets(const PoolTargets&) = delete;
    PoolTargets& operator=(const PoolTargets&) = delete;

    /// Throws Error: not_found for a VM or NIC, precondition for one that does not run (unless
    /// --follow) and for a host whose SSH is off.
    std::vector<Target> resolve();
    /// Watches the hosts of the VMs and follows events from now on.
    void attach(Recorder& recorder);
    /// The recorder is told nothing more; before it goes.
    void detach() { watches_.clear(); }

  private:
    struct Member {
        xenlab::lab::VmTarget vm;
        std::vector<unsigned> devices;
    };
    void add_nics(Member& member, const NicWord& word);
    HostLinkOptions link_to(xenlab::lab::Pool& pool,
                            const xenlab::xapi::Object<xenlab::xapi::Host>& host);
    void open_ssh(xenlab::lab::Pool& pool, const xenlab::xapi::Object<xenlab::xapi::Host>& host);
    Place to_place(xenlab::lab::Pool& pool, const xenlab::follow::VmPlace& place);

    const Options& options_;
    const xenlab::cli::Context& context_;
    xenlab::lab::Pools pools_;
    std::vector<Member> members_;
    std::mutex mutex_; ///< of opened_
    std::vector<std::unique_ptr<SshAccess>> opened_;
    std::vector<std::unique_ptr<xenlab::follow::VmWatch>> watches_; ///< last: use the rest
};

xenlab::lab::Words words_for(const xenlab::cli::Context& context);

} // namespace vifcap
