// SPDX-License-Identifier: GPL-3.0-or-later
#include "fault_table.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/xapi/fault.hpp>

#include <fmt/format.h>

namespace xenlab::xapi {
namespace {

constexpr std::size_t longest_param = 300; // stack traces of storage drivers go on for pages

/// A parameter as people should see it. References mean nothing to them.
std::string shown(const std::string& param, const NameLookup& lookup)
{
    if (!param.starts_with("OpaqueRef:"))
        return text::printable(param.size() > longest_param ? param.substr(0, longest_param) + "..."
                                                            : param);
    if (param == "OpaqueRef:NULL")
        return "nothing";
    if (lookup)
        if (auto name = lookup(param))
            return *name;
    return "the object";
}

std::string fill(std::string_view words, const std::vector<std::string>& params)
{
    std::string text;
    while (!words.empty()) {
        const std::size_t open = std::min(words.find('{'), words.size());
        text += words.substr(0, open);
        words.remove_prefix(open);
        if (words.size() >= 3) { // "{N}"
            const auto index = static_cast<std::size_t>(words[1] - '0');
            text += index < params.size() ? params[index] : "?";
            words.remove_prefix(3);
        }
    }
    return text;
}

std::string message_of(std::string_view what_failed, const std::string& name,
                       const std::vector<std::string>& params, const NameLookup& lookup)
{
    std::vector<std::string> readable;
    if (!name.starts_with("SESSION_INVALID")) // its parameter is as good as a password
        for (const std::string& param : params)
            readable.push_back(shown(param, lookup));
    const FaultWords* known = fault_words(name);
    std::string words;
    if (known != nullptr)
        words = fmt::format("{} ({})", fill(known->words, readable), name);
    else if (readable.empty())
        words = text::printable(name);
    else
        words = fmt::format("{}: {}", text::printable(name), fmt::join(readable, ", "));
    return what_failed.empty() ? words : fmt::format("{}: {}", what_failed, words);
}

std::string hint_of(std::string_view name)
{
    const FaultWords* known = fault_words(name);
    return known == nullptr ? std::string() : std::string(known->hint);
}

} // namespace

Errc errc_of(std::string_view name) noexcept
{
    const FaultWords* known = fault_words(name);
    return known == nullptr ? Errc::failed : known->code;
}

Fault::Fault(std::string_view what_failed, std::string code, std::vector<std::string> params)
    : Error(errc_of(code), message_of(what_failed, code, params, {}), hint_of(code)),
      what_failed_(what_failed), name_(std::move(code)), params_(std::move(params))
{
}

Fault::Fault(const std::string& message, const Fault& other)
    : Error(other.code(), message, other.hint()), what_failed_(other.what_failed_),
      name_(other.name_), params_(other.params_)
{
}

Fault Fault::explain(const NameLookup& lookup) const
{
    return {message_of(what_failed_, name_, params_, lookup), *this};
}

std::vector<std::string> Fault::document() const
{
    std::vector<std::string> all{name_};
    if (name_ != "SESSION_INVALID")
        all.insert(all.end(), params_.begin(), params_.end());
    return all;
}

} // namespace xenlab::xapi
