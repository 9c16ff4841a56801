// SPDX-License-Identifier: GPL-3.0-or-later
#include "path.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/guest/guest.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace xenlab::guest {
namespace {

constexpr unsigned max_links = 40; // as Linux

std::string join(const std::string& folder, const std::string& name)
{
    return folder.ends_with('/') ? folder + name : folder + "/" + name;
}

Error no_such(std::string_view path)
{
    return {Errc::not_found, fmt::format("there is no {}", text::quoted(path, 400))};
}

} // namespace

/// Where a path starts, and what is left of it.
struct Guest::Start {
    Place root;
    std::string rest;
    std::string stream;
};

Guest::Guest(std::vector<Disk> disks, GuestOptions options)
    : disks_(std::move(disks)), options_(std::move(options)),
      volumes_(find_volumes(
          disks_, options_.detail ? options_.detail : [](const std::string&) {}))
{
    filesystems_.resize(volumes_.size());
    failed_.resize(volumes_.size());
}

Guest::~Guest() = default;

fs::Filesystem& Guest::filesystem(std::size_t volume)
{
    auto& filesystem = filesystems_.at(volume);
    if (filesystem)
        return *filesystem;
    Volume& v = volumes_.at(volume);
    try {
        if (!v.unusable.empty())
            throw Error(Errc::precondition, v.unusable, v.way_out);
        filesystem =
            fs::open(*v.cache, v.content,
                     {.access = viewing_ ? fs::Access::read : options_.access,
                      .note = [&](const std::string& words) {
                          if (options_.note && !(viewing_ && options_.access != fs::Access::read))
                              options_.note(v.name + ": " + words);
                      }});
    } catch (const Error& error) {
        throw error.within(v.name);
    }
    return *filesystem;
}

void Guest::close()
{
    for (std::size_t i = 0; i < filesystems_.size(); ++i) {
        if (!filesystems_[i])
            continue;
        try {
            filesystems_[i]->close();
        } catch (const Error& error) {
            throw error.within(volumes_[i].name);
        }
        filesystems_[i].reset();
    }
}

std::size_t Guest::volume_named(std::string_view name) const
{
    std::vector<std::size_t> found;
    std::string names;
    for (std::size_t i = 0; i < volumes_.size(); ++i) {
        const Volume& v = volumes_[i];
        const bool logical = v.name.find('/') != std::string::npos;
        const std::string whole = fmt::format("d{}", v.disk);
        const std::string part = v.partition == 0 ? "disk" : fmt::format("p{}", v.partition);
        const std::string full = v.partition == 0 ? whole : whole + part;
        if (name == v.name || (!logical && (name == full || name == part)))
            found.push_back(i);
        names += (names.empty() ? "" : ", ") + v.name;
    }
    if (found.size() == 1)
        return found.front();
    if (found.empty())
        throw Error(Errc::not_found, fmt::format("there is no volume {}", text::quoted(name)),
                    names.empty() ? "the disk holds no volumes" : "there are: " + names);
    throw Error(Errc::ambiguous, fmt::format("several disks have a volume {}", text::quoted(name)),
                fmt::format("choose one by its whole name: {}", names));
}

Place Guest::root_of(std::size_t volume, std::string path)
{
    Place root{.volume = volume, .node = filesystem(volume).root()};
    root.type = fs::FileType::directory;
    root.path = std::move(path);
    return root;
}

/// Takes the start off a path: "/", "C:", "VOLUME:".
Guest::Start Guest::parse(std::string_view path)
{
    Start start;
    if (path.empty())
        throw Error(Errc::usage, "a guest path is empty");
    if (path.front() == '/') {
        start.root = root_of_view();
        start.rest = path;
        return start;
    }
    const std::size_t colon = path.find(':');
    if (colon == std::string_view::npos || colon == 0)
        throw Error(Errc::usage, fmt::format("{} is not a guest path", text::quoted(path)),
                    "write /path, C:/path or VOLUME:/path (--volumes of xva-ls lists volumes)");
    start.rest = path.substr(colon + 1);
    if (starts_with_letter(path)) {
        std::replace(start.rest.begin(), start.rest.end(), '\\', '/');
        start.root = root_of_letter(path.front());
    } else {
        const std::size_t volume = volume_named(path.substr(0, colon));
        start.root = root_of(volume, fmt::format("{}:/", volumes_[volume].name));
    }
    const std::size_t slash = start.rest.rfind('/');
    const std::size_t stream = start.rest.find(':', slash == std::string::npos ? 0 : slash);
    if (volumes_[start.root.volume].content.fs == "ntfs" && stream != std::string::npos) {
        start.stream = start.rest.substr(stream + 1);
        start.rest.resize(stream);
    }
    return start;
}

/// A folder on which the guest mounts another volume is that volume's root.
void Guest::cross_mount(Place& place)
{
    if (place.type != fs::FileType::directory || !place.path.starts_with('/'))
        return;
    const auto mount = mounts_.find(place.path);
    if (mount == mounts_.end() || mount->second == place.volume)
        return;
    place.node = filesystem(mount->second).root();
    place.volume = mount->second;
}

std::optional<Place> Guest::step(const std::shared_ptr<const Place>& folder,
                                 const std::string& name, bool follow, unsigned& links)
{
    if (name == "..")
        return folder->parent ? *folder->parent : *folder;
    if (folder->type != fs::FileType::directory)
        return std::nullopt;
    const auto entry = filesystem(folder->volume).find(folder->node, name);
    if (!entry)
        return std::nullopt;
    Place place{.volume = folder->volume, .node = entry->node, .type = entry->type};
    place.system = entry->system;
    place.path = join(folder->path, name);
    place.parent = folder;
    if (place.type == fs::FileType::symlink && follow)
        return follow_link(folder, std::move(place), links);
    cross_mount(place);
    return place;
}

Place Guest::follow_link(const std::shared_ptr<const Place>& folder, Place link, unsigned& links)
{
    if (++links > max_links)
        throw Error(Errc::bad_data,
                    fmt::format("{}: too many symbolic links", text::printable(link.path)));
    const std::string target = filesystem(link.volume).stat(link.node).link_target;
    std::optional<Place> found;
    if (starts_with_letter(target)) {
        const auto letter = letters_.find(
            static_cast<char>(std::toupper(static_cast<unsigned char>(target.front()))));
        // Without a guest's view, and on C: itself, a target with a letter lies on this volume.
        const std::size_t volume = letter == letters_.end() ? link.volume : letter->second;
        const std::string root = target.substr(0, 2) + "/";
        found = walk(std::make_shared<const Place>(root_of(volume, root)), target.substr(2), true,
                     links);
    } else if (target.starts_with('/')) {
        auto root = folder;
        while (root->parent)
            root = root->parent;
        found = walk(root, target, true, links);
    } else {
        found = walk(folder, target, true, links);
    }
    if (!found)
        throw Error(Errc::not_found,
                    fmt::format("{} is a symbolic link to {}, which does not exist",
                                text::printable(link.path), text::quoted(target)));
    return *found;
}

std::optional<Place> Guest::walk(std::shared_ptr<const Place> from, std::string_view path,
                                 bool follow, unsigned& links)
{
    auto parts = split_path(path);
    while (!parts.empty()) {
        const std::string name = std::move(parts.front());
        parts.pop_front();
        auto next = step(from, name, follow || !parts.empty(), links);
        if (!next)
            return std::nullopt;
        from = std::make_shared<const Place>(std::move(*next));
    }
    return *from;
}

Place Guest::find(std::string_view path, bool follow)
{
    Start start = parse(path);
    unsigned links = 0;
    auto found =
        walk(std::make_shared<const Place>(std::move(start.root)), start.rest, follow, links);
    if (!found)
        throw no_such(path);
    found->stream = start.stream;
    return *found;
}

std::vector<Place> Guest::expand(std::string_view path, bool follow)
{
    Start start = parse(path);
    std::vector<std::shared_ptr<const Place>> here{
        std::make_shared<const Place>(std::move(start.root))};
    auto parts = split_path(start.rest);
    for (; !parts.empty() && !here.empty(); parts.pop_front()) {
        const std::string& name = parts.front();
        std::vector<std::shared_ptr<const Place>> next;
        for (const auto& folder : here) {
            unsigned links = 0;
            if (auto exact = step(folder, name, follow || parts.size() > 1, links)) {
                next.push_back(std::make_shared<const Place>(std::move(*exact)));
                continue;
            }
            if (!has_pattern(name) || folder->type != fs::FileType::directory)
                continue;
            const bool fold = !filesystem(folder->volume).case_sensitive();
            for (Place& child : children(*folder)) {
                const std::string_view child_name =
                    std::string_view(child.path).substr(child.path.rfind('/') + 1);
                if (!child.system && matches(name, child_name, fold))
                    next.push_back(std::make_shared<const Place>(std::move(child)));
            }
        }
        here = std::move(next);
    }
    if (here.empty())
        throw no_such(path);
    std::vector<Place> found;
    for (const auto& place : here)
        found.push_back(*place);
    for (Place& place : found)
        place.stream = start.stream;
    return found;
}

std::pair<Place, std::string> Guest::find_parent(std::string_view path)
{
    const std::size_t slash = path.find_last_of(starts_with_letter(path) ? "/\\" : "/");
    if (slash == std::string_view::npos || slash + 1 == path.size())
        throw Error(Errc::usage, fmt::format("{} names no file", text::quoted(path)),
                    "write the whole path of the file in the guest");
    std::string name(path.substr(slash + 1));
    Place folder = find(path.substr(0, slash + 1));
    if (folder.type != fs::FileType::directory)
        throw Error(Errc::not_found,
                    fmt::format("{} is no folder", text::quoted(path.substr(0, slash))));
    return {std::move(folder), std::move(name)};
}

std::vector<Place> Guest::children(const Place& folder)
{
    const auto parent = std::make_shared<const Place>(folder);
    std::vector<Place> all;
    filesystem(folder.volume).list(folder.node, [&](const fs::Entry& entry) {
        Place place{.volume = folder.volume, .node = entry.node, .type = entry.type};
        place.system = entry.system;
        place.path = join(folder.path, entry.name);
        place.parent = parent;
        all.push_back(std::move(place));
        return true;
    });
    for (Place& place : all)
        cross_mount(place);
    std::sort(all.begin(), all.end(),
              [](const Place& a, const Place& b) { return a.path < b.path; });
    return all;
}

} // namespace xenlab::guest
