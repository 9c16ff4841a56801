// SPDX-License-Identifier: GPL-3.0-or-later
#include "verbs.hpp"

namespace xvm {

// The one list of verbs, in the order of the manual: X(snap_create) is snap_create_verb() of
// snap_create.cpp.
#define XVM_VERBS(X)                                                                               \
    X(ls) X(start) X(stop) X(reboot) X(reset) X(pause) X(unpause) X(suspend) X(resume)

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
