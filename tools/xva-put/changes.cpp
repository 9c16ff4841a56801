// SPDX-License-Identifier: GPL-3.0-or-later
#include "changes.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/block/raw_image.hpp>
#include <xenlab/io/file_source.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include <sys/stat.h>

namespace xva_put {

using namespace xenlab;

namespace {

std::string base_name(const std::string& path)
{
    return path.substr(path.rfind('/') + 1);
}

std::optional<std::uint32_t> mode_of(const std::string& text)
{
    if (text.empty())
        return std::nullopt;
    std::uint32_t mode = 0;
    for (const char c : text) {
        if (c < '0' || c > '7' || text.size() > 5)
            throw Error(Errc::usage, fmt::format("{} is no octal mode", text::quoted(text)));
        mode = mode * 8 + static_cast<std::uint32_t>(c - '0');
    }
    if (mode > 07777)
        throw Error(Errc::usage, fmt::format("{} is no octal mode", text::quoted(text)));
    return mode;
}

/// A folder, or a path that ends in "/", takes the local file's name.
void choose_name(Put& put, guest::Guest& guest)
{
    bool folder = put.path.ends_with('/');
    if (!folder) {
        try {
            folder = guest.find(put.path).type == fs::FileType::directory;
        } catch (const Error& error) {
            if (error.code() != Errc::not_found)
                throw;
        }
    }
    if (!folder)
        return;
    if (put.local == "-")
        throw Error(
            Errc::usage,
            fmt::format("{} is a folder, and standard input has no name", text::quoted(put.path)),
            "write the whole path of the file in the guest");
    put.path += (put.path.ends_with('/') ? "" : "/") + base_name(put.local);
}

void put_file(const Options& options, Put& put, guest::Guest& guest)
{
    choose_name(put, guest);
    // A symbolic link is followed, as a program of the guest would.
    guest::Place folder;
    std::string name;
    std::optional<guest::Place> old;
    try {
        old = guest.find(put.path);
    } catch (const Error& error) {
        if (error.code() != Errc::not_found)
            throw;
    }
    if (old && !old->stream.empty())
        throw Error(Errc::precondition, "alternate data streams cannot be written");
    if (old && old->parent) {
        folder = *old->parent;
        name = base_name(old->path);
    } else {
        std::tie(folder, name) = guest.find_parent(put.path);
    }
    fs::Filesystem& filesystem = guest.filesystem(folder.volume);
    if (old && !options.backup.empty()) {
        const auto content = filesystem.open(old->node);
        const fs::Metadata data = filesystem.stat(old->node);
        filesystem.write_file(folder.node, name + options.backup, *content,
                              {.mode = data.mode, .modified = data.modified});
    }
    filesystem.write_file(folder.node, name, *put.content,
                          {.mode = mode_of(options.mode), .modified = put.modified});
}

bool same_content(block::BlockDevice& a, block::BlockDevice& b)
{
    if (a.size() != b.size())
        return false;
    std::vector<std::byte> x(std::size_t{1} << 20U), y(x.size());
    for (std::uint64_t at = 0; at < a.size(); at += x.size()) {
        const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(x.size(), a.size() - at));
        a.read(at, std::span(x).first(n));
        b.read(at, std::span(y).first(n));
        if (!std::equal(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(n), y.begin()))
            return false;
    }
    return true;
}

} // namespace

std::vector<Put> open_items(const Options& options, const std::stop_token& stop)
{
    if (options.items.size() % 2 != 0)
        throw Error(Errc::usage, "files come in pairs: LOCAL GPATH");
    static_cast<void>(mode_of(options.mode));
    std::vector<Put> puts;
    bool input_used = options.source.source == "-";
    for (std::size_t i = 0; i < options.items.size(); i += 2) {
        Put put{.local = options.items[i], .path = options.items[i + 1]};
        if (put.local == "-" && std::exchange(input_used, true))
            throw Error(Errc::usage, "standard input can be used once");
        struct stat info {};
        const bool input = put.local == "-";
        if (!input && ::stat(put.local.c_str(), &info) != 0)
            throw system_error(errno, text::printable(put.local));
        if (!input && S_ISDIR(info.st_mode))
            throw Error(Errc::failed, fmt::format("{} is a folder", text::quoted(put.local)),
                        "name its files one by one");
        if (!input && S_ISREG(info.st_mode)) {
            put.content = std::make_unique<block::RawImage>(put.local);
            put.modified =
                fs::Time{info.st_mtim.tv_sec, static_cast<std::uint32_t>(info.st_mtim.tv_nsec)};
        } else {
            const auto source = io::open_source(put.local, stop);
            put.kept = guest::keep_bytes(*source, stop);
            put.content = std::make_unique<block::RawImage>(guest::name_of_kept(put.kept));
        }
        puts.push_back(std::move(put));
    }
    return puts;
}

void apply(const Options& options, std::vector<Put>& puts, guest::Guest& guest,
           const cli::Context& context)
{
    const auto checkpoint = [&] {
        if (context.stop.stop_requested())
            throw Error(Errc::interrupted, "interrupted");
    };
    const auto within = [](const std::string& path, const auto& function) {
        try {
            function();
        } catch (const Error& error) {
            throw std::string_view(error.what()).find(text::quoted(path)) != std::string_view::npos
                ? error
                : error.within(text::printable(path));
        }
    };
    for (const std::string& path : options.remove) {
        checkpoint();
        within(path, [&] {
            const auto place = guest.find(path, false);
            if (!place.parent)
                throw Error(Errc::precondition, "the root of a volume cannot be removed");
            guest.filesystem(place.volume).remove(place.parent->node, base_name(place.path));
        });
    }
    for (const std::string& path : options.make) {
        checkpoint();
        within(path, [&] {
            const auto [folder, name] = guest.find_parent(path);
            guest.filesystem(folder.volume).make_directory(folder.node, name, {});
        });
    }
    for (Put& put : puts) {
        checkpoint();
        within(put.path, [&] { put_file(options, put, guest); });
    }
}

void verify(const Options& options, std::vector<Put>& puts, guest::Guest& guest)
{
    for (Put& put : puts) {
        const auto place = guest.find(put.path);
        if (!same_content(*guest.open(place), *put.content))
            throw Error(Errc::failed,
                        fmt::format("{} does not read back as it was written; nothing was changed",
                                    text::quoted(put.path)));
    }
    for (const std::string& path : options.make)
        if (guest.find(path).type != fs::FileType::directory)
            throw Error(Errc::failed, fmt::format("{} was not made", text::quoted(path)));
    for (const std::string& path : options.remove) {
        const bool put_again =
            std::any_of(puts.begin(), puts.end(), [&](const Put& put) { return put.path == path; });
        if (put_again)
            continue;
        try {
            static_cast<void>(guest.find(path, false));
        } catch (const Error& error) {
            if (error.code() == Errc::not_found)
                continue;
            throw;
        }
        throw Error(Errc::failed,
                    fmt::format("{} is still there; nothing was changed", text::quoted(path)));
    }
}

} // namespace xva_put
