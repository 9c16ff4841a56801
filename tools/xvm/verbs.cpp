// SPDX-License-Identifier: GPL-3.0-or-later
#include "verbs.hpp"

namespace xvm {

// The one list of verbs, in the order of the manual: X(snap_create) is snap_create_verb(). First
// VMs as a whole, then what they are made of, what they run on and what goes wrong. (Formatted by
// hand: clang-format breaks such a list differently each time.)
// clang-format off
#define XVM_VERBS(X)                                                                               \
    X(ls) X(show) X(new) X(clone) X(rm) X(start) X(stop) X(kill) X(reboot) X(reset) X(pause)       \
    X(unpause) X(suspend) X(resume) X(migrate) X(wait) X(snap_ls) X(snap_create) X(snap_revert)    \
    X(snap_rm) X(iso_ls) X(iso_insert) X(iso_eject) X(task_ls) X(task_wait) X(task_cancel)         \
    X(events) X(api) X(ctx_ls) X(ctx_add) X(ctx_use) X(ctx_show) X(ctx_rm) X(ctx_trust)            \
    X(ctx_logout) X(doctor) X(iso_put)                                                             \
    X(export) X(import) X(copy) X(vdi_export) X(vdi_import) X(console)                             \
    X(disk_ls) X(disk_add) X(disk_rm) X(nic_ls) X(nic_add) X(nic_rm) X(sr_ls) X(sr_probe)          \
    X(sr_create) X(sr_scan) X(sr_forget) X(sr_chains) X(vdi_ls) X(vdi_who) X(vdi_orphans)          \
    X(vdi_release) X(vdi_resize) X(vdi_rm) X(host_ls) X(host_enable) X(host_disable)               \
    X(host_evacuate) X(host_toolstack_restart) X(host_ssh) X(why) X(ghost_ls) X(ghost_fix)         \
    X(reap) X(serial_show) X(serial_set) X(serial_unset)
// clang-format on

#define XVM_DECLARE(name) Verb name##_verb();
XVM_VERBS(XVM_DECLARE)
#undef XVM_DECLARE

std::vector<Verb> all_verbs()
{
#define XVM_MAKE(name) name##_verb(),
    return {XVM_VERBS(XVM_MAKE)};
#undef XVM_MAKE
}

} // namespace xvm
