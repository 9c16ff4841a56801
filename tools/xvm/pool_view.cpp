// SPDX-License-Identifier: GPL-3.0-or-later
#include "pool_view.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <set>

namespace xvm {
namespace {

constexpr std::size_t shortest_uuid = 8; // of the start of a uuid

bool uuid_start(std::string_view word)
{
    return word.size() >= shortest_uuid &&
           word.find_first_not_of("0123456789abcdef-") == std::string_view::npos;
}

Error missing(std::string_view kind, std::span<const Known> all, const std::string& word)
{
    std::vector<std::string> names;
    for (const Known& one : all)
        names.emplace_back(one.name);
    const auto near = text::nearest(word, names);
    return {Errc::not_found, fmt::format("there is no {} {}", kind, text::quoted(word)),
            near ? fmt::format("did you mean {}?", text::printable(*near)) : std::string()};
}

/// The VDIs that "VM/DEVICE" means.
std::set<std::string> vdis_at(PoolView& view, const std::string& word)
{
    const std::size_t slash = word.rfind('/');
    std::set<std::string> found;
    if (slash == std::string::npos || slash == 0)
        return found;
    const std::string of = word.substr(0, slash);
    const std::string device = word.substr(slash + 1);
    for (const auto& vbd : view.all<xapi::Vbd>()) {
        const xapi::Vm* vm = view.find(vbd.record.VM);
        if (vm != nullptr && !vm->is_a_template && !vm->is_control_domain && vbd.record.VDI &&
            (vm->name_label == of || vm->uuid == of) &&
            (vbd.record.userdevice == device || vbd.record.device == device))
            found.insert(vbd.record.VDI.str());
    }
    return found;
}

} // namespace

std::vector<std::size_t> match(std::string_view kind, std::span<const Known> all,
                               const std::string& word)
{
    std::vector<std::size_t> named;
    std::vector<std::size_t> by_uuid;
    std::vector<std::size_t> by_glob;
    const std::string lower = text::to_lower(word);
    for (std::size_t i = 0; i < all.size(); ++i)
        if (all[i].name == word)
            named.push_back(i);
        else if (uuid_start(lower) && all[i].uuid.starts_with(lower))
            by_uuid.push_back(i);
        else if (lab::has_glob(word) && lab::glob_match(word, all[i].name))
            by_glob.push_back(i);
    const bool glob = named.empty() && by_uuid.empty();
    const auto& found = !named.empty() ? named : !by_uuid.empty() ? by_uuid : by_glob;
    if (found.empty())
        throw missing(kind, all, word);
    if (found.size() > 1 && !glob) {
        std::string uuids;
        for (const std::size_t index : found)
            uuids += fmt::format("{}{}", uuids.empty() ? "" : ", ", all[index].uuid);
        throw Error(Errc::ambiguous, fmt::format("{} is ambiguous: {}", text::quoted(word), uuids),
                    "use the uuid");
    }
    return found;
}

std::vector<std::size_t> match_all(std::string_view kind, std::span<const Known> all,
                                   const std::vector<std::string>& words,
                                   const std::stop_token& stop)
{
    std::vector<std::size_t> picked;
    std::set<std::size_t> taken;
    for (const std::string& word : lab::expand_lists(words, stop))
        for (const std::size_t index : match(kind, all, word))
            if (taken.insert(index).second)
                picked.push_back(index);
    return picked;
}

std::vector<const xapi::Object<xapi::Vdi>*>
pick_vdis(PoolView& view, const std::vector<std::string>& words, const std::stop_token& stop)
{
    const auto& all = view.all<xapi::Vdi>();
    std::vector<const xapi::Object<xapi::Vdi>*> picked;
    const auto add = [&](const xapi::Object<xapi::Vdi>& vdi) {
        if (std::find(picked.begin(), picked.end(), &vdi) == picked.end())
            picked.push_back(&vdi);
    };
    for (const std::string& word : lab::expand_lists(words, stop)) {
        const std::set<std::string> of_device = vdis_at(view, word);
        if (of_device.size() > 1)
            throw Error(
                Errc::ambiguous,
                fmt::format("{} is ambiguous: several VMs are called so", text::quoted(word)),
                "use the uuid");
        for (const auto& vdi : all)
            if (of_device.contains(vdi.ref.str()))
                add(vdi);
        if (of_device.empty())
            for (const std::size_t index : match("VDI", known(all), word))
                add(all[index]);
    }
    return picked;
}

std::string value_of(const xapi::StringMap& map, std::string_view key)
{
    const auto found = map.find(key);
    return found == map.end() ? std::string() : found->second;
}

std::string size_cell(const cli::Context& context, std::int64_t bytes)
{
    return context.shared.format == cli::Format::table && bytes >= 0
               ? text::human_size(static_cast<std::uint64_t>(bytes))
               : fmt::format("{}", bytes);
}

std::optional<std::int64_t> unix_time(std::string_view xapi_time)
{
    std::tm when{};
    const std::string text(xapi_time);
    if (::strptime(text.c_str(), "%Y%m%dT%H:%M:%SZ", &when) == nullptr)
        return std::nullopt;
    return ::timegm(&when);
}

std::string age_of(std::string_view xapi_time)
{
    const auto when = unix_time(xapi_time);
    if (!when || *when <= 0)
        return {};
    return text::human_duration(
        std::chrono::seconds(std::max<std::int64_t>(0, std::time(nullptr) - *when)));
}

std::string rfc3339(std::string_view xapi_time)
{
    const auto when = unix_time(xapi_time);
    if (!when || *when <= 0)
        return {};
    return fmt::format("{}-{}-{}", xapi_time.substr(0, 4), xapi_time.substr(4, 2),
                       xapi_time.substr(6));
}

} // namespace xvm
