// SPDX-License-Identifier: GPL-3.0-or-later
#include "xvm.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

namespace xvm {

lab::Pools open_pools(const Globals& globals, cli::Context& context)
{
    return {globals.connect,
            lab::Words{.note = [&context](std::string_view words) { context.note(words); },
                       .detail = [&context](std::string_view words) { context.detail(words); }},
            context.stop};
}

const xapi::Object<xapi::Host>& find_host(lab::Pool& pool, const std::string& word)
{
    const xapi::Object<xapi::Host>* found = nullptr;
    std::vector<std::string> names;
    for (const auto& host : pool.hosts()) {
        names.push_back(host.record.name_label);
        if (host.record.name_label != word && host.record.uuid != word &&
            host.record.address != word && host.record.hostname != word)
            continue;
        if (found != nullptr)
            throw Error(Errc::ambiguous,
                        fmt::format("{} is ambiguous: {}, {}", text::quoted(word),
                                    found->record.uuid, host.record.uuid),
                        "use the uuid");
        found = &host;
    }
    if (found != nullptr)
        return *found;
    const auto near = text::nearest(word, names);
    throw Error(Errc::not_found, fmt::format("there is no host {}", text::quoted(word)),
                near ? fmt::format("did you mean {}?", text::printable(*near)) : std::string());
}

} // namespace xvm
