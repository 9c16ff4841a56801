// SPDX-License-Identifier: GPL-3.0-or-later
#include "verbs.hpp"

namespace xvm {

// The one list of verbs, in the order of the manual: X(snap_create) is snap_create_verb() of
// snap_create.cpp.
#define XVM_VERBS(X) X(ls) XVM_MORE_VERBS(X)
#define XVM_MORE_VERBS(X)                                                                          \
    X(disk_ls) X(disk_add) X(disk_rm) X(nic_ls) X(nic_add) X(nic_rm) X(host_ls) X(host_enable)     \
    X(host_disable) X(host_evacuate) X(host_ssh) X(sr_ls) X(sr_create) X(sr_probe) X(sr_scan)          \
    X(sr_forget) X(sr_chains) X(vdi_ls) X(vdi_who) X(vdi_orphans) X(vdi_release) X(vdi_resize)     \
    X(vdi_rm) X(why) X(ghost_ls) X(ghost_fix) X(serial_show) X(serial_set) X(serial_unset)          \
    X(host_toolstack_restart) X(reap)

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
