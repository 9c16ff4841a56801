// SPDX-License-Identifier: GPL-3.0-or-later
#include "ntfs_reparse.hpp"

#include <xenlab/base/utf8.hpp>

#include <algorithm>

namespace xenlab::fs {
namespace {

std::string_view chars(bytes::View data)
{
    return {reinterpret_cast<const char*>(data.data()), data.size()}; // NOLINT: char may alias
}

/// Offset and length at `at`, counted from `base`.
std::optional<std::string> name_at(bytes::View data, std::size_t at, std::size_t base)
{
    const std::size_t offset = base + bytes::le16(data, at), length = bytes::le16(data, at + 2);
    if (offset > data.size() || length > data.size() - offset)
        return std::nullopt;
    return text::utf16le_to_utf8(chars(data.subspan(offset, length)));
}

std::string normal(std::string target)
{
    std::replace(target.begin(), target.end(), '\\', '/');
    for (const std::string_view prefix : {"/"
                                          "?"
                                          "?/",
                                          "//"
                                          "?/"})
        if (target.starts_with(prefix))
            target.erase(0, prefix.size());
    return target;
}

} // namespace

std::uint32_t tag_of_reparse(bytes::View data)
{
    return data.size() >= 8 ? bytes::le32(data, 0) : 0;
}

std::optional<std::string> link_of_reparse(bytes::View data)
{
    const std::uint32_t tag = tag_of_reparse(data);
    if (tag == reparse_tag::wsl_symlink && data.size() > 12)
        return std::string(chars(data.subspan(12)));
    const std::size_t base = tag == reparse_tag::symlink ? 20 : 16;
    if ((tag != reparse_tag::symlink && tag != reparse_tag::mount_point) || data.size() < base)
        return std::nullopt;
    // The substitute name is what Windows follows; the print name is what it shows.
    const auto substitute = name_at(data, 8, base);
    if (!substitute || substitute->empty())
        return std::nullopt;
    return normal(*substitute);
}

} // namespace xenlab::fs
