// SPDX-License-Identifier: GPL-3.0-or-later
#include "bcd.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/registry/reg_text.hpp>

#include <fmt/format.h>

#include <array>

namespace xva_reg::bcd {

using namespace xenlab;

namespace {

constexpr std::string_view bootmgr = "{9dea862c-5cdd-4e70-acc1-f32b344d4795}";
constexpr std::string_view dbgsettings = "{4636856e-540f-4170-a130-a84776f4c654}";
constexpr std::uint32_t inherit_object = 0x20100000; // the type of {dbgsettings}

constexpr std::array<std::pair<std::string_view, std::string_view>, 22> elements{{
    {"description", "12000004"},
    {"path", "12000002"},
    {"debugtype", "15000011"},
    {"debugaddress", "15000012"},
    {"debugport", "15000013"},
    {"baudrate", "15000014"},
    {"debug", "260000a0"},
    {"bootdebug", "16000010"},
    {"ems", "260000b0"},
    {"bootems", "16000020"},
    {"recoveryenabled", "16000009"},
    {"testsigning", "16000049"},
    {"nointegritychecks", "16000048"},
    {"osdevice", "21000001"},
    {"systemroot", "22000002"},
    {"nx", "25000020"},
    {"safeboot", "25000080"},
    {"bootlog", "26000090"},
    {"sos", "26000091"},
    {"bootstatuspolicy", "250000e0"},
    {"default", "23000003"},
    {"timeout", "25000004"},
}};

std::string element_path(std::string_view object, std::string_view element)
{
    return fmt::format("Objects\\{}\\Elements\\{}", object, element);
}

std::string default_object(const registry::Hive& hive)
{
    const auto key = hive.find(hive.root(), element_path(bootmgr, "23000003"));
    const auto value = key ? hive.value(*key, "Element") : std::nullopt;
    if (!value)
        throw Error(Errc::not_found, "the boot configuration has no default system",
                    "name its object: Objects\\{GUID}\\Elements\\…");
    const std::string object = registry::text_of(*value);
    if (object.empty() || object.find('\\') != std::string::npos)
        throw Error(Errc::bad_data, "the boot configuration is damaged");
    return object;
}

std::string object_of(const registry::Hive& hive, std::string_view word)
{
    const std::string lower = text::to_lower(word);
    if (lower == "{default}" || lower == "{current}")
        return default_object(hive);
    if (lower == "{bootmgr}")
        return std::string(bootmgr);
    if (lower == "{dbgsettings}")
        return std::string(dbgsettings);
    return std::string(word);
}

void set_element(registry::Hive& hive, std::string_view object, std::string_view element,
                 std::string_view value)
{
    hive.set(hive.make(hive.root(), element_path(object, element)),
             registry::parse_value("Element", value));
}

} // namespace

std::string resolve(const registry::Hive& hive, const std::string& path)
{
    if (!path.starts_with('{'))
        return path;
    const std::size_t slash = path.find('\\');
    std::string resolved = "Objects\\" + object_of(hive, path.substr(0, slash));
    if (slash == std::string::npos)
        return resolved;
    const std::string rest = path.substr(slash + 1), lower = text::to_lower(rest);
    for (const auto& [word, number] : elements)
        if (lower == word)
            return fmt::format("{}\\Elements\\{}", resolved, number);
    return resolved + "\\" + rest;
}

bool is_element(const std::string& path)
{
    const std::string lower = text::to_lower(path);
    const std::size_t at = lower.find("\\elements\\");
    return lower.starts_with("objects\\") && at != std::string::npos &&
           lower.find('\\', at + 10) == std::string::npos;
}

void set_debug(registry::Hive& hive, const DebugChoice& choice)
{
    set_element(hive, default_object(hive), "260000a0", choice.on ? "bool:1" : "bool:0");
    if (!choice.on)
        return;
    const std::string description = fmt::format("Objects\\{}\\Description", dbgsettings);
    if (!hive.find(hive.root(), description))
        hive.set(hive.make(hive.root(), description),
                 registry::parse_value("Type", fmt::format("dword:{}", inherit_object)));
    set_element(hive, dbgsettings, "15000011", "int:0"); // serial
    if (choice.port)
        set_element(hive, dbgsettings, "15000013", fmt::format("int:{}", *choice.port));
    if (choice.baud)
        set_element(hive, dbgsettings, "15000014", fmt::format("int:{}", *choice.baud));
}

void set_safeboot(registry::Hive& hive, const std::string& mode)
{
    static constexpr std::array<std::string_view, 3> modes{"minimal", "network", "dsrepair"};
    const std::string object = default_object(hive);
    if (mode == "off") {
        if (const auto key = hive.find(hive.root(), element_path(object, "25000080")))
            hive.remove_key(*key);
        return;
    }
    for (std::size_t i = 0; i < modes.size(); ++i)
        if (mode == modes[i])
            return set_element(hive, object, "25000080", fmt::format("int:{}", i));
    throw Error(Errc::usage, fmt::format("{} is no safe mode", text::quoted(mode)),
                "minimal, network, dsrepair or off");
}

} // namespace xva_reg::bcd
