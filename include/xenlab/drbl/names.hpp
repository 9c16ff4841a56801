// SPDX-License-Identifier: GPL-3.0-or-later
// What may stand in a DRBL command. drbl-ocs pastes its arguments into perl expressions, sed
// scripts and the clients' kernel command lines (drbl 5.2.7, /usr/share/drbl/sbin/ocs-functions),
// so that no quoting for a shell helps there: a name such as x@{[`reboot`]} runs on the server.
// Every field is therefore held to a list of characters, stricter than DRBL's own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xenlab::drbl {

/// [A-Za-z0-9][A-Za-z0-9._-]{0,99}, and not one of the words that make drbl-ocs ask or choose:
/// ask_user, autoname, autohostname, autoproductname. Nor "btzone", which is no image.
bool is_image_name(std::string_view name) noexcept;

/// A whole disk without /dev/: sda, vdb, xvda, hdc, nvme0n1, mmcblk0, md0, nbd0, loop0, cciss/c0d0;
/// or "1st-disk", the first one that a client has.
bool is_disk_name(std::string_view name) noexcept;
/// A partition of one: sda1, nvme0n1p2, cciss/c0d0p1.
bool is_partition_name(std::string_view name) noexcept;
/// Which of a machine's disks a name means: 0 for sda, xvda, nvme0n1 and 1st-disk, 1 for sdb…
/// Nothing for names that do not count them, such as cciss/c0d0.
std::optional<std::size_t> disk_number(std::string_view disk) noexcept;
/// "nvme0n1" of "nvme0n1p2"; nothing for what is no partition.
std::optional<std::string> disk_of(std::string_view partition);

/// Four decimal numbers without leading zeros; the value is in host byte order.
std::optional<std::uint32_t> parse_ipv4(std::string_view text) noexcept;
std::string format_ipv4(std::uint32_t address);

/// "52:54:00:aa:bb:cc" (or with "-"), of any case: in lower case with colons.
std::optional<std::string> parse_mac(std::string_view text);

/// A host name of dhcpd.conf: letters, digits, "-", "_" and ".", 63 at most.
bool is_host_name(std::string_view name) noexcept;
/// A group of clients (/etc/drbl/IP-grp-NAME): letters, digits, "-", "_" and ".", 40 at most.
bool is_group_name(std::string_view name) noexcept;
/// A network interface: 15 letters, digits, "_", "-", "." at most.
bool is_interface_name(std::string_view name) noexcept;

/// What follows -z of drbl-ocs: "0".."9" with an optional "p" (parallel). Not every number exists.
bool is_compression(std::string_view name) noexcept;

/// Throw Error{usage} that names the field and says what is allowed.
void require_image_name(std::string_view name);
void require_device(std::string_view name, bool partition);

} // namespace xenlab::drbl
