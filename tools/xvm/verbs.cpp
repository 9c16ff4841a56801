// SPDX-License-Identifier: GPL-3.0-or-later
#include "verbs.hpp"

namespace xvm {

// The one list of verbs, in the order of the manual: X(snap_create) is snap_create_verb() of
// snap_create.cpp.
#define XVM_VERBS(X)                                                                               \
    X(ls)                                                                                          \
    X(show)                                                                                        \
    X(new)                                                                                         \
    X(clone) X(rm) X(start) X(stop) X(kill) X(reboot) X(reset) X(pause) X(unpause) X(suspend)      \
        X(resume) X(migrate) X(wait) X(snap_ls) X(snap_create) X(snap_revert) X(snap_rm) X(iso_ls) \
            X(iso_insert) X(iso_eject) X(task_ls) X(task_wait) X(task_cancel) X(events) X(api)     \
                X(ctx_ls) X(ctx_add) X(ctx_use) X(ctx_show) X(ctx_rm) X(ctx_trust) X(doctor)

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
