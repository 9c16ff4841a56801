// SPDX-License-Identifier: GPL-3.0-or-later
#include "verbs.hpp"

namespace xvm {

// The one list of verbs, in the order of the manual: X(snap_create) is snap_create_verb() of
// snap_create.cpp.
#define XVM_VERBS(X) X(ls) XVM_MORE_VERBS(X)
#define XVM_MORE_VERBS(X)                                                                          \
    X(disk_ls) X(disk_add) X(disk_rm) X(nic_ls) X(nic_add) X(nic_rm) X(host_ls) X(host_enable)     \
    X(host_disable) X(host_evacuate) X(host_ssh)

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
