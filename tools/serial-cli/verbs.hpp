// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client.hpp"

#include <xenlab/cli/verbs.hpp>

namespace xenlab::serial_cli {

using Verb = cli::Verb<Globals>;

Verb run_verb();
Verb put_verb();
Verb get_verb();
Verb ping_verb();
Verb info_verb();
Verb broker_verb();
Verb console_verb();
Verb log_verb();
Verb send_verb();
Verb wait_for_verb();
Verb kd_verb();
Verb share_verb();
Verb agent_verb();

} // namespace xenlab::serial_cli
