// SPDX-License-Identifier: GPL-3.0-or-later
// The 32 bytes of a directory entry of FAT (fatgen103, "FAT Directory Structure"). Its times are in
// the guest's local time; they are taken as UTC.
#pragma once

#include "fat_names.hpp"

#include <xenlab/bytes/endian.hpp>
#include <xenlab/fs/filesystem.hpp>

#include <cstdint>
#include <optional>
#include <span>

namespace xenlab::fs::fat {

constexpr std::size_t entry_size = 32;
constexpr unsigned unused = 0xe5;
constexpr unsigned read_only = 0x01, volume_label = 0x08, directory = 0x10, archive = 0x20,
                   long_entry = 0x0f;

unsigned attributes_of(bytes::View entry);
std::uint32_t cluster_of(bytes::View entry, unsigned bits);
std::uint32_t size_of(bytes::View entry);
ShortName name_of(bytes::View entry);
std::optional<Time> modified_of(bytes::View entry);

void set_cluster(std::span<std::byte> entry, std::uint32_t cluster);
void set_name(std::span<std::byte> entry, const ShortName& name);
/// Nothing: now.
void set_modified(std::span<std::byte> entry, const std::optional<Time>& time);

} // namespace xenlab::fs::fat
