// SPDX-License-Identifier: GPL-3.0-or-later
#include "vhd_parent.hpp"

#include <xenlab/base/utf8.hpp>
#include <xenlab/block/raw_image.hpp>
#include <xenlab/bytes/checked.hpp>
#include <xenlab/bytes/hex.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include <sys/stat.h>

namespace xenlab::block {

namespace {

constexpr std::uint32_t max_locator = 64U << 10U;

std::string stored_text(const vhd::ParentLocator& locator, BlockDevice& file)
{
    if (locator.data_length > max_locator || locator.data_offset > file.size() ||
        locator.data_length > file.size() - locator.data_offset)
        return {};
    std::string text(locator.data_length, '\0');
    file.read(locator.data_offset, std::as_writable_bytes(std::span(text)));
    if (locator.platform != vhd::platform_macx)
        text = text::utf16le_to_utf8(text);
    return text.substr(0, text.find('\0'));
}

// "C:\dir\a.vhd" -> "/dir/a.vhd", ".\a.vhd" -> "./a.vhd".
std::string windows_path(std::string path)
{
    std::replace(path.begin(), path.end(), '\\', '/');
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    if (path.size() >= 2 && letter(path[0]) && path[1] == ':')
        path.erase(0, 2);
    return path;
}

std::string percent_decoded(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto value = text[i] == '%' && i + 2 < text.size()
                               ? bytes::from_hex(text.substr(i + 1, 2))
                               : std::nullopt;
        out += value ? static_cast<char>(value->front()) : text[i];
        i += value ? 2U : 0U;
    }
    return out.substr(0, out.find('\0'));
}

// "file://host/dir/a%20b.vhd"; blktap writes "file://./a b.vhd", without escapes.
std::vector<std::string> url_paths(std::string_view url)
{
    constexpr std::string_view scheme = "file://";
    if (!url.starts_with(scheme))
        return {};
    url.remove_prefix(scheme.size());
    if (url.starts_with("localhost/"))
        url.remove_prefix(std::string_view("localhost").size());
    return {percent_decoded(url), std::string(url)};
}

std::string_view base_name(std::string_view path)
{
    return path.substr(path.rfind('/') + 1); // npos + 1 is 0
}

} // namespace

std::string folder_of(const std::string& path)
{
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

std::vector<std::string> parent_paths(const vhd::Header& header, BlockDevice& file,
                                      const std::string& child_path)
{
    std::vector<std::string> named;
    for (const std::uint32_t platform :
         {vhd::platform_w2ru, vhd::platform_w2ku, vhd::platform_macx})
        for (const auto& locator : header.locators) {
            if (locator.platform != platform)
                continue;
            const std::string text = stored_text(locator, file);
            if (platform == vhd::platform_macx)
                for (auto& path : url_paths(text))
                    named.push_back(std::move(path));
            else
                named.push_back(windows_path(text));
        }
    const std::string folder = folder_of(child_path);
    std::vector<std::string> paths;
    const auto add = [&](const std::string& path) {
        if (!path.empty() && path.back() != '/' &&
            std::find(paths.begin(), paths.end(), path) == paths.end())
            paths.push_back(path);
    };
    const auto in_folder = [&](std::string_view name) {
        while (name.starts_with("./"))
            name.remove_prefix(2);
        add(name.empty() ? std::string() : fmt::format("{}/{}", folder == "/" ? "" : folder, name));
    };
    for (const std::string& path : named)
        path.starts_with('/') ? add(path) : in_folder(path);
    in_folder(base_name(windows_path(header.parent_name)));
    for (const std::string& path : named)
        in_folder(base_name(path));
    return paths;
}

std::optional<VhdParent> open_parent_file(const std::string& path)
{
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0 || (!S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode)))
        return std::nullopt;
    VhdParent parent{.file = std::make_unique<RawImage>(path),
                     .identity = fmt::format("{}:{}", info.st_dev, info.st_ino)};
    if (S_ISREG(info.st_mode))
        parent.modified = bytes::checked_int<std::uint32_t>(info.st_mtim.tv_sec - vhd::epoch);
    return parent;
}

} // namespace xenlab::block
