// SPDX-License-Identifier: GPL-3.0-or-later
// What all verbs of xvm share. A verb is one file, and one line in verbs.cpp.
#pragma once

#include <xenlab/cli/context.hpp>
#include <xenlab/cli/options.hpp>
#include <xenlab/cli/verbs.hpp>
#include <xenlab/lab/connect.hpp>
#include <xenlab/lab/targets.hpp>

namespace xvm {

using namespace xenlab;

struct Globals {
    lab::ConnectOptions connect;
};

using Verb = cli::Verb<Globals>;

/// The host of that name, uuid or address. Throws Error{not_found} with a near miss,
/// Error{ambiguous}.
const xapi::Object<xapi::Host>& find_host(lab::Pool& pool, const std::string& word);

/// The pools of the command line, with their words going to standard error.
lab::Pools open_pools(const Globals& globals, cli::Context& context);

} // namespace xvm
