// SPDX-License-Identifier: GPL-3.0-or-later
// Reparse points of NTFS. Layouts: [MS-FSCC] 2.1.2; WOF: the header of WOF_EXTERNAL_INFO and
// FILE_PROVIDER_EXTERNAL_INFO in the Windows SDK.
#pragma once

#include <xenlab/bytes/endian.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace xenlab::fs {

namespace reparse_tag {
constexpr std::uint32_t mount_point = 0xa0000003, symlink = 0xa000000c, wof = 0x80000017,
                        dedup = 0x80000013, wsl_symlink = 0xa000001d;
}

/// The tag in front of the data; 0 when there is none.
std::uint32_t tag_of_reparse(bytes::View data);

/// The target of a symlink or junction, "/" between names: "C:/Users" is absolute, "../x" relative;
/// nothing for other tags and damaged data.
std::optional<std::string> link_of_reparse(bytes::View data);

} // namespace xenlab::fs
