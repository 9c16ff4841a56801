// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/text.hpp>
#include <xenlab/lab/serial_setting.hpp>

#include <algorithm>

namespace xenlab::lab {

SerialSetting serial_setting(const xapi::Vm& vm)
{
    const std::string key(serial_key);
    if (const auto found = vm.platform.find(key);
        found != vm.platform.end() && !found->second.empty())
        return {found->second, "platform"};
    if (const auto found = vm.other_config.find(key);
        found != vm.other_config.end() && !found->second.empty())
        return {found->second, "other_config"};
    return {};
}

bool has_serial_port(const xapi::Vm& vm)
{
    return vm.domain_type.empty() ? !vm.HVM_boot_policy.empty() : vm.domain_type == "hvm";
}

bool SerialTcp::listens() const
{
    return std::any_of(options.begin(), options.end(), [](std::string_view option) {
        return option == "server" || option == "server=on";
    });
}

std::optional<SerialTcp> split_serial_tcp(std::string_view value)
{
    if (!value.starts_with("tcp:"))
        return std::nullopt;
    SerialTcp parts;
    parts.options = text::split(value.substr(4), ',');
    const std::string_view where = parts.options.front();
    parts.options.erase(parts.options.begin());
    const std::size_t colon = where.rfind(':');
    if (colon == std::string_view::npos)
        return std::nullopt;
    parts.host = where.substr(0, colon);
    parts.port = where.substr(colon + 1);
    return parts;
}

std::optional<std::uint16_t> serial_listening_port(std::string_view value)
{
    const auto parts = split_serial_tcp(value);
    if (!parts || !parts->listens())
        return std::nullopt;
    const auto port = text::parse_u64(parts->port);
    if (!port || *port == 0 || *port > 65535)
        return std::nullopt;
    return static_cast<std::uint16_t>(*port);
}

} // namespace xenlab::lab
