// SPDX-License-Identifier: GPL-3.0-or-later
// blkid as the witness of contents.
#pragma once

#include "disk.hpp"
#include "witness.hpp"

namespace xenlab::partition::test {

/// Our names for blkid's TYPE.
inline std::string our_name(const std::string& type)
{
    if (type == "crypto_LUKS")
        return "luks";
    if (type == "LVM2_member")
        return "lvm2";
    if (type == "linux_raid_member")
        return "linux_raid";
    return type;
}

inline void expect_as_blkid(const Content& content, const std::string& blkid_arguments)
{
    const auto seen = exported(shell("blkid -p -o export " + blkid_arguments).out);
    const auto value = [&](const char* key) {
        const auto at = seen.find(key);
        return at == seen.end() ? std::string{} : at->second;
    };
    EXPECT_EQ(content.fs, our_name(value("TYPE")));
    EXPECT_EQ(content.uuid, value("UUID"));
    EXPECT_EQ(content.label, value("LABEL"));
    EXPECT_EQ(content.version, value("VERSION"));
    EXPECT_FALSE(content.label_unread);
}

} // namespace xenlab::partition::test
