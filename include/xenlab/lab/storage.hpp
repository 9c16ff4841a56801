// SPDX-License-Identifier: GPL-3.0-or-later
// Storage as a person names it ("nfs", "server:/srv/vm") and as xapi's drivers want it. The keys of
// device_config are those of the SM drivers (sm: NFSSR, ISOSR, SMBSR, LVHDoISCSISR, EXTSR, LVHDSR;
// xapi.md 3.3): the same thing is called differently by each of them.
#pragma once

#include <xenlab/xapi/records.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xenlab::lab {

/// What can be created: "nfs", "iso-nfs", "iso-cifs", "smb", "iscsi", "ext", "lvm".
const std::vector<std::string>& storage_kinds();

struct StorageSource {
    std::string driver;       ///< SR.type
    std::string content_type; ///< "user", "iso"
    bool shared = true;       ///< one PBD for each host
    bool formats = false;     ///< SR.create destroys what is on it
    bool can_probe = true;    ///< the driver can look before it creates
    xapi::StringMap device_config;
    std::string user_key;     ///< device_config key of the user, "" when there are none
    std::string secret_key;   ///< device_config key of the password's secret
    std::string default_name; ///< "nfs srv1:/srv/vm"
};

/// Takes a URL apart, or the short forms that the drivers' users know:
///   nfs, iso-nfs   nfs://SERVER/PATH, SERVER:/PATH (probe: also SERVER)
///   iso-cifs, smb  smb://[DOMAIN;][USER@]SERVER/SHARE[/FOLDER], //SERVER/SHARE, \\SERVER\SHARE
///   iscsi          iscsi://[USER@]TARGET[:PORT][/IQN[/SCSIID]]
///   ext, lvm       /dev/…
/// `partial` accepts what a probe can complete. Throws Error{usage}; a password in a URL is refused
/// and not repeated.
StorageSource parse_storage(std::string_view kind, std::string_view url, bool partial);

/// The keys by which two SRs are on the same storage: device_config without secrets and options.
xapi::StringMap storage_identity(const xapi::StringMap& device_config);

/// What a probe found: exports, targets, LUNs or SRs, each as its elements ("Path", "TargetIQN",
/// "SCSIid", "UUID"…) in order.
struct ProbeItem {
    std::string kind; ///< "Export", "TGT", "LUN", "SR"
    std::vector<std::pair<std::string, std::string>> values;
    [[nodiscard]] std::string value(std::string_view name) const;
};
/// Reads the XML of SR.probe, which is its answer or stands in the parameters of its error. Text
/// that is no XML gives nothing; at most 1000 items.
std::vector<ProbeItem> parse_probe(const std::string& xml);

} // namespace xenlab::lab
