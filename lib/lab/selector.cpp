// SPDX-License-Identifier: GPL-3.0-or-later
#include "selector.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace xenlab::lab {
namespace {

constexpr std::array<std::string_view, 6> keys{"context", "host", "name", "power", "tag", "uuid"};

Error malformed(std::string_view term)
{
    return {
        Errc::usage,
        fmt::format("-l {}: not KEY=VALUE, KEY!=VALUE, KEY~GLOB or KEY!~GLOB", text::quoted(term)),
        fmt::format("keys are {}", fmt::join(keys, ", "))};
}

/// Values of that key; several for tags.
std::vector<std::string> values_of(std::string_view key, const xapi::Vm& vm, Pool& pool)
{
    if (key == "power")
        return {text::to_lower(vm.power_state)};
    if (key == "name")
        return {vm.name_label};
    if (key == "uuid")
        return {vm.uuid};
    if (key == "context")
        return {pool.name()};
    if (key == "tag")
        return vm.tags;
    const auto* host = vm.resident_on ? pool.host(vm.resident_on) : nullptr;
    return {host == nullptr ? std::string() : host->record.name_label};
}

} // namespace

Selector::Selector(const std::vector<std::string>& filters)
{
    for (const std::string& filter : filters)
        for (const std::string_view term : text::split(filter, ',')) {
            const std::size_t sign = term.find_first_of("=~!");
            if (sign == std::string_view::npos || sign == 0)
                throw malformed(term);
            const bool negated = term[sign] == '!';
            const std::size_t at = sign + (negated ? 1 : 0);
            if (at >= term.size() || (term[at] != '=' && term[at] != '~'))
                throw malformed(term);
            const std::string_view key = term.substr(0, sign);
            if (std::find(keys.begin(), keys.end(), key) == keys.end())
                throw malformed(term);
            std::string value(term.substr(at + 1));
            if (key == "power")
                value = text::to_lower(value);
            terms_.push_back({std::string(key), std::move(value), term[at] == '~', negated});
        }
}

bool Selector::matches(const xapi::Vm& vm, Pool& pool) const
{
    return std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) {
        const auto values = values_of(term.key, vm, pool);
        const bool found = std::any_of(values.begin(), values.end(), [&](const std::string& value) {
            return term.glob ? glob_match(term.value, value) : value == term.value;
        });
        return found != term.negated;
    });
}

} // namespace xenlab::lab
