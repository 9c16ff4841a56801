// SPDX-License-Identifier: GPL-3.0-or-later
#include "iso_view.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace xvm {

std::vector<Iso> isos_of(lab::Pool& pool)
{
    std::vector<Iso> all;
    const auto vdis = pool.session().get_all<xapi::Vdi>();
    for (const auto& sr : pool.session().get_all<xapi::Sr>("field \"content_type\" = \"iso\""))
        for (const auto& vdi : vdis)
            if (vdi.record.SR == sr.ref)
                all.push_back({vdi.ref, vdi.record, sr.record.name_label});
    std::sort(all.begin(), all.end(), [](const Iso& a, const Iso& b) {
        return std::tie(a.sr, a.record.name_label, a.record.uuid) <
               std::tie(b.sr, b.record.name_label, b.record.uuid);
    });
    return all;
}

Iso find_iso(lab::Pool& pool, const std::string& word)
{
    const auto all = isos_of(pool);
    const Iso* found = nullptr;
    std::vector<std::string> names;
    for (const Iso& iso : all) {
        const std::string& name = iso.record.name_label;
        names.push_back(name);
        if (name != word && iso.record.location != word && iso.record.uuid != word &&
            name != word + ".iso" && iso.sr + "/" + name != word)
            continue;
        if (found != nullptr)
            throw Error(Errc::ambiguous,
                        fmt::format("several images are called {}: in {} and {}",
                                    text::quoted(word), text::quoted(found->sr),
                                    text::quoted(iso.sr)),
                        "use SR/NAME or the uuid");
        found = &iso;
    }
    if (found != nullptr)
        return *found;
    const auto near = text::nearest(word, names);
    throw Error(Errc::not_found, fmt::format("there is no image {}", text::quoted(word)),
                near ? fmt::format("did you mean {}?", text::printable(*near))
                     : "xvm iso ls shows them; xvm sr scan looks for new files");
}

std::optional<Drive> drive_of(Job& job)
{
    std::optional<Drive> first;
    for (const auto& ref : job.record().VBDs) {
        xapi::Vbd vbd = job.session().get_record(ref);
        if (vbd.type == "CD" && (!first || vbd.userdevice < first->record.userdevice))
            first = Drive{ref, std::move(vbd)};
    }
    return first;
}

bool eject(Job& job, const Drive& drive)
{
    if (drive.record.empty)
        return false;
    try {
        job.run("VBD.eject", {xapi::Session::value(drive.ref)});
        return true;
    } catch (const xapi::Fault& fault) {
        if (!fault.is("VBD_IS_EMPTY")) // somebody was faster
            throw;
        return false;
    }
}

} // namespace xvm
