// SPDX-License-Identifier: GPL-3.0-or-later
#include "web_files.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/io/fd.hpp>

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

namespace xvm {
namespace {

using namespace xenlab;
namespace fs = std::filesystem;

constexpr std::size_t most_files = 2000;
constexpr std::uint64_t largest_file = 8U << 20U;

/// Files of other kinds are of no use to a browser.
std::string_view type_of(const fs::path& name)
{
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 10> types{{
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".mp3", "audio/mpeg"},
        {".oga", "audio/ogg"},
        {".woff", "font/woff"},
    }};
    for (const auto& [ending, type] : types)
        if (name.extension() == ending)
            return type;
    return {};
}

} // namespace

WebFiles::WebFiles()
{
    // XDG Base Directory Specification 0.8
    const char* set = std::getenv("XDG_DATA_DIRS");
    const std::string folders =
        set != nullptr && *set != '\0' ? set : "/usr/local/share:/usr/share";
    for (const std::string_view folder : text::split(folders, ':')) {
        const fs::path novnc = fs::path(folder) / "novnc";
        std::error_code none;
        if (!novnc.is_absolute() || !fs::is_regular_file(novnc / "vnc.html", none))
            continue;
        collect(novnc.string());
        return;
    }
    throw Error(Errc::not_found, "noVNC is not installed",
                "it is in the package novnc; --listen and --open need none");
}

void WebFiles::collect(const std::string& folder)
{
    try {
        for (const auto& entry : fs::recursive_directory_iterator(folder)) {
            const std::string_view type = type_of(entry.path());
            if (type.empty() || !entry.is_regular_file())
                continue;
            if (entries_.size() == most_files)
                throw Error(Errc::failed,
                            fmt::format("{}: too many files", text::printable(folder)));
            entries_.emplace(entry.path().lexically_relative(folder).generic_string(),
                             Entry{entry.path().string(), type});
        }
    } catch (const fs::filesystem_error& error) {
        throw system_error(error.code().value(), text::printable(folder));
    }
}

std::optional<WebFile> WebFiles::find(std::string_view name) const
{
    const auto found = entries_.find(name);
    if (found == entries_.end())
        return std::nullopt;
    const auto& [path, type] = found->second;
    const std::string shown = text::printable(path);
    const io::Fd fd = io::open_file(path, O_RDONLY);
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0)
        throw system_error(errno, shown);
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (size > largest_file)
        throw Error(Errc::failed, fmt::format("{}: too large", shown));
    WebFile file{type, std::string(static_cast<std::size_t>(size), '\0')};
    file.content.resize(
        io::pread_full(fd.get(), 0, std::as_writable_bytes(std::span(file.content)), shown));
    return file;
}

} // namespace xvm
