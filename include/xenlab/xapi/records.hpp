// SPDX-License-Identifier: GPL-3.0-or-later
// The classes of XAPI that xenlab works with, and of each the fields it reads. Names are xapi's
// own; sizes are bytes. A field that an old host does not have keeps its default. Everything else
// is within reach through Session::call. (xenapi.json of xen-api 26.9; values as observed on
// xapi 23.1)
#pragma once

#include <xenlab/xapi/ref.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::xmlrpc {
class Value;
}

namespace xenlab::xapi {

using StringMap = std::map<std::string, std::string, std::less<>>;
using StringSet = std::vector<std::string>;
/// Task reference -> operation ("start", "hard_shutdown"…).
using Operations = StringMap;

struct Host;
struct Pbd;
struct Vbd;
struct Vdi;
struct Vif;
struct Sr;
struct Network;
struct Console;
struct GuestMetrics;

struct Vm {
    static constexpr std::string_view class_name = "VM";
    std::string uuid, name_label, name_description;
    std::string power_state; ///< "Halted", "Paused", "Running", "Suspended"
    std::string domain_type; ///< "hvm", "pv", "pvh"…; "" on old hosts
    StringSet allowed_operations, tags;
    Operations current_operations;
    StringMap blocked_operations, other_config, platform, xenstore_data, HVM_boot_params,
        snapshot_info;
    std::string HVM_boot_policy; ///< "" for PV
    bool is_a_template = false, is_a_snapshot = false, is_control_domain = false,
         is_default_template = false;
    Ref<Host> resident_on, affinity;
    Ref<GuestMetrics> guest_metrics;
    Ref<Vdi> suspend_VDI;
    Ref<Vm> snapshot_of, parent;
    std::vector<Ref<Vm>> snapshots, children;
    std::vector<Ref<Vbd>> VBDs;
    std::vector<Ref<Vif>> VIFs;
    std::vector<Ref<Console>> consoles;
    std::int64_t domid = -1; ///< new at every start, reboot and migration
    std::int64_t VCPUs_max = 0, VCPUs_at_startup = 0;
    std::int64_t memory_static_max = 0, memory_dynamic_max = 0, memory_target = 0;
    std::string snapshot_time; ///< "20261122T15:11:47Z"

    static Vm from(const xmlrpc::Value& record);
};

struct Host {
    static constexpr std::string_view class_name = "host";
    std::string uuid, name_label, hostname, address;
    bool enabled = false;
    bool ssh_known = false;  ///< the host is new enough to say whether
    bool ssh_enabled = true; ///< sshd runs
    StringSet allowed_operations, tags;
    Operations current_operations;
    StringMap other_config, software_version, cpu_info;
    std::vector<Ref<Vm>> resident_VMs;
    std::vector<Ref<Pbd>> PBDs;
    Ref<Vm> control_domain;
    std::string metrics;

    static Host from(const xmlrpc::Value& record);
};

struct Vbd {
    static constexpr std::string_view class_name = "VBD";
    std::string uuid, device, userdevice, mode, type; ///< "RO" "RW"; "CD" "Disk" "Floppy"
    Ref<Vm> VM;
    Ref<Vdi> VDI;
    bool empty = false, bootable = false, currently_attached = false, unpluggable = false;
    StringSet allowed_operations;
    Operations current_operations;
    StringMap other_config;

    static Vbd from(const xmlrpc::Value& record);
};

struct Vif {
    static constexpr std::string_view class_name = "VIF";
    std::string uuid, device, MAC, locking_mode; ///< device: "0", "1"…
    Ref<Vm> VM;
    Ref<Network> network;
    std::int64_t MTU = 0;
    bool currently_attached = false;
    StringSet allowed_operations;
    StringMap other_config;

    static Vif from(const xmlrpc::Value& record);
};

struct Vdi {
    static constexpr std::string_view class_name = "VDI";
    std::string uuid, name_label, name_description, location, type; ///< "user", "suspend"…
    Ref<Sr> SR;
    std::vector<Ref<Vbd>> VBDs;
    std::int64_t virtual_size = 0, physical_utilisation = 0;
    bool sharable = false, read_only = false, managed = true, missing = false,
         is_a_snapshot = false, is_tools_iso = false;
    Ref<Vdi> snapshot_of, parent;
    std::vector<Ref<Vdi>> snapshots;
    StringSet allowed_operations, tags;
    Operations current_operations;
    StringMap other_config, sm_config;

    static Vdi from(const xmlrpc::Value& record);
};

struct Sr {
    static constexpr std::string_view class_name = "SR";
    std::string uuid, name_label, name_description, type, content_type;
    bool shared = false, is_tools_sr = false;
    std::vector<Ref<Vdi>> VDIs;
    std::vector<Ref<Pbd>> PBDs;
    std::int64_t physical_size = 0, physical_utilisation = 0, virtual_allocation = 0;
    StringSet allowed_operations, tags;
    Operations current_operations;
    StringMap other_config, sm_config;

    static Sr from(const xmlrpc::Value& record);
};

struct Pbd {
    static constexpr std::string_view class_name = "PBD";
    std::string uuid;
    Ref<Host> host;
    Ref<Sr> SR;
    StringMap device_config, other_config;
    bool currently_attached = false;

    static Pbd from(const xmlrpc::Value& record);
};

struct Network {
    static constexpr std::string_view class_name = "network";
    std::string uuid, name_label, bridge;
    std::int64_t MTU = 0;
    std::vector<Ref<Vif>> VIFs;
    StringSet purpose, tags;
    StringMap other_config;

    static Network from(const xmlrpc::Value& record);
};

struct Console {
    static constexpr std::string_view class_name = "console";
    std::string uuid, protocol, location; ///< "rfb", "vt100"; "https://HOST/console?uuid=…"
    Ref<Vm> VM;

    static Console from(const xmlrpc::Value& record);
};

struct GuestMetrics {
    static constexpr std::string_view class_name = "VM_guest_metrics";
    StringMap os_version, PV_drivers_version, other;
    StringMap networks; ///< "0/ip", "0/ipv4/0", "0/ipv6/0"; the number is the VIF's device
    bool live = false, PV_drivers_detected = false;

    /// All addresses, IPv4 first, by device, without repetition and link-local ones.
    [[nodiscard]] std::vector<std::string> addresses() const;
    static GuestMetrics from(const xmlrpc::Value& record);
};

struct Pool {
    static constexpr std::string_view class_name = "pool";
    std::string uuid, name_label;
    Ref<Host> master;
    Ref<Sr> default_SR, suspend_image_SR;
    StringMap other_config;

    static Pool from(const xmlrpc::Value& record);
};

struct Task {
    static constexpr std::string_view class_name = "task";
    std::string uuid, name_label, name_description;
    std::string status;   ///< "pending", "success", "failure", "cancelling", "cancelled"
    double progress = 0;  ///< 0 to 1; -1 while the server has not taken over
    std::string result;   ///< XML text "<value>…</value>", "" for none
    StringSet error_info; ///< code and parameters
    StringSet allowed_operations;
    StringMap other_config;
    Ref<Host> resident_on;
    Ref<Task> subtask_of;
    std::vector<Ref<Task>> subtasks;
    std::string created, finished;

    static Task from(const xmlrpc::Value& record);
    [[nodiscard]] bool pending() const noexcept
    {
        return status == "pending" || status == "cancelling";
    }
};

struct Certificate {
    static constexpr std::string_view class_name = "Certificate";
    std::string uuid, type; ///< "host", "host_internal", "ca"
    Ref<Host> host;
    std::string fingerprint; ///< SHA-256, upper case with colons; of fingerprint_sha256 if there
    std::string not_after;

    static Certificate from(const xmlrpc::Value& record);
};

} // namespace xenlab::xapi
