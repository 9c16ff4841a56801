// SPDX-License-Identifier: GPL-3.0-or-later
#include "xvm.hpp"

namespace xvm {

lab::Pools open_pools(const Globals& globals, cli::Context& context)
{
    return {globals.connect,
            lab::Words{.note = [&context](std::string_view words) { context.note(words); },
                       .detail = [&context](std::string_view words) { context.detail(words); }},
            context.stop};
}

} // namespace xvm
