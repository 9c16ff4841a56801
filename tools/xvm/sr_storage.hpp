// SPDX-License-Identifier: GPL-3.0-or-later
// What `sr create` and `sr probe` share: options of the storage, its password, the look at it.
#pragma once

#include "pool_view.hpp"
#include "rows.hpp"

#include <xenlab/lab/secret_source.hpp>
#include <xenlab/lab/storage.hpp>

namespace xvm {

struct StorageOptions {
    std::string kind, url;
    std::string user, nfs_version, smb_version, mount_options, on_host;
    lab::SecretSource secret;
};
void declare_storage_options(cli::OptionSet& set, StorageOptions& options);

/// parse_storage() with the options put in. Throws Error{usage} for options that the kind has not.
lab::StorageSource storage_of(const StorageOptions& options, bool partial);

/// A secret of xapi that holds the password, made when the storage has a user; destroyed again
/// unless keep() was called. Its uuid is put into the device_config.
class StorageSecret {
  public:
    StorageSecret(lab::Pool& pool, lab::StorageSource& source, const StorageOptions& options,
                  const std::stop_token& stop);
    ~StorageSecret();
    StorageSecret(const StorageSecret&) = delete;
    StorageSecret& operator=(const StorageSecret&) = delete;
    void keep() noexcept { kept_ = true; }

  private:
    lab::Pool& pool_;
    std::string ref_;
    bool kept_ = false;
};
/// Whether a password is wanted.
bool wants_secret(const lab::StorageSource& source, const StorageOptions& options);

/// The host that does it: --on, else the coordinator; local storage needs --on in a pool of several
/// hosts. Throws Error{usage}.
xapi::Ref<xapi::Host> host_for(PoolView& view, const lab::StorageSource& source,
                               const StorageOptions& options);

/// SR.probe: what is there. Lists that a driver gives inside an error are lists, too.
std::vector<lab::ProbeItem> probe(lab::Pool& pool, const xapi::Ref<xapi::Host>& host,
                                  const lab::StorageSource& source);

/// A map as a parameter.
xmlrpc::Value map_value(const xapi::StringMap& map);

} // namespace xvm
