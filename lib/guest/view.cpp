// SPDX-License-Identifier: GPL-3.0-or-later
// How the guest itself names its volumes: fstab, drive letters.
#include "path.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/bytes/endian.hpp>
#include <xenlab/bytes/hex.hpp>
#include <xenlab/guest/guest.hpp>
#include <xenlab/registry/hive.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>

namespace xenlab::guest {
namespace {

constexpr std::uint64_t max_fstab = std::uint64_t{1} << 20U;
constexpr std::uint64_t max_hive = std::uint64_t{256} << 20U;

bool for_linux(const std::string& fs)
{
    return fs.starts_with("ext") || fs == "xfs" || fs == "btrfs" || fs == "f2fs" || fs == "jfs" ||
           fs == "reiserfs";
}

bool for_windows(const std::string& fs)
{
    return fs == "ntfs" || fs == "vfat";
}

/// fstab(5) writes blanks as \040.
std::string unescape(std::string_view field)
{
    std::string out;
    for (std::size_t i = 0; i < field.size(); ++i) {
        const auto digit = [&](std::size_t k) {
            return k < field.size() && field[k] >= '0' && field[k] <= '7';
        };
        if (field[i] == '\\' && digit(i + 1) && digit(i + 2) && digit(i + 3)) {
            out += static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 +
                                     (field[i + 3] - '0'));
            i += 3;
        } else {
            out += field[i];
        }
    }
    return out;
}

std::vector<std::string> fields_of(std::string_view line)
{
    std::vector<std::string> fields;
    while (fields.size() < 6) {
        const std::size_t from = line.find_first_not_of(" \t\r");
        if (from == std::string_view::npos || line[from] == '#')
            break;
        line.remove_prefix(from);
        std::size_t end = std::min(line.find_first_of(" \t\r"), line.size());
        std::string_view field = line.substr(0, end);
        if (field.size() >= 2 && field.front() == '"')
            field = field.substr(1, field.find('"', 1) - 1);
        fields.push_back(unescape(field));
        line.remove_prefix(end);
    }
    return fields;
}

/// "vg-with--dash-lv" as device mapper writes it -> "vg-with-dash/lv".
std::string from_mapper(std::string_view name)
{
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name[i] != '-')
            out += name[i];
        else if (i + 1 < name.size() && name[i + 1] == '-')
            out += name[i++];
        else
            out += '/';
    }
    return out;
}

bool same_id(std::string_view a, std::string_view b)
{
    return !a.empty() && text::to_lower(a) == text::to_lower(b);
}

} // namespace

fs::Filesystem* Guest::try_filesystem(std::size_t volume)
{
    if (failed_.at(volume))
        return nullptr;
    try {
        return &filesystem(volume);
    } catch (const Error& error) {
        failed_.at(volume) = true;
        if (!failure_)
            failure_ = std::current_exception();
        if (options_.detail)
            options_.detail(error.what());
        return nullptr;
    }
}

bool Guest::exists(std::size_t volume, std::string_view path)
{
    fs::Filesystem* filesystem = try_filesystem(volume);
    if (filesystem == nullptr)
        return false;
    try {
        // No links here: they may lead to volumes that are not mounted yet.
        fs::NodeId node = filesystem->root();
        for (const std::string& name : split_path(path)) {
            const auto entry = filesystem->find(node, name);
            if (!entry)
                return false;
            node = entry->node;
        }
        return true;
    } catch (const Error& error) {
        if (options_.detail)
            options_.detail(error.what());
        return false;
    }
}

std::optional<std::size_t> Guest::volume_of_device(std::string_view device) const
{
    const auto match = [&](auto&& test) -> std::optional<std::size_t> {
        for (std::size_t i = 0; i < volumes_.size(); ++i)
            if (test(volumes_[i]))
                return i;
        return std::nullopt;
    };
    const auto id = [&](std::string_view prefix, std::string_view folder) {
        return device.starts_with(prefix)   ? device.substr(prefix.size())
               : device.starts_with(folder) ? device.substr(folder.size())
                                            : std::string_view();
    };
    if (const auto uuid = id("UUID=", "/dev/disk/by-uuid/"); !uuid.empty())
        return match([&](const Volume& v) { return same_id(v.content.uuid, uuid); });
    if (const auto label = id("LABEL=", "/dev/disk/by-label/"); !label.empty())
        return match([&](const Volume& v) { return v.content.label == label; });
    if (const auto uuid = id("PARTUUID=", "/dev/disk/by-partuuid/"); !uuid.empty())
        return match([&](const Volume& v) { return same_id(v.part_uuid, uuid); });
    if (const auto name = id("PARTLABEL=", "/dev/disk/by-partlabel/"); !name.empty())
        return match([&](const Volume& v) { return v.part_name == name; });
    if (!device.starts_with("/dev/"))
        return std::nullopt;
    device.remove_prefix(5);
    if (device.starts_with("mapper/"))
        return match([&](const Volume& v) { return v.name == from_mapper(device.substr(7)); });
    if (const auto lv = match([&](const Volume& v) { return v.name == device; }))
        return lv;
    // sda1, xvdb2, vdc, hda5: the letter is the number of the disk.
    for (const std::string_view kind : {"xvd", "sd", "vd", "hd"})
        if (device.starts_with(kind) && device.size() > kind.size()) {
            const char letter = device[kind.size()];
            const auto digits = device.substr(kind.size() + 1);
            const auto number = digits.empty() ? 0 : text::parse_u64(digits);
            if (letter >= 'a' && letter <= 'z' && number)
                return match([&](const Volume& v) {
                    return v.name.find('/') == std::string::npos && v.partition == *number &&
                           v.disk == static_cast<std::size_t>(letter - 'a');
                });
        }
    return std::nullopt;
}

void Guest::read_fstab(std::size_t root)
{
    mounts_["/"] = root;
    fs::Filesystem& filesystem = *filesystems_.at(root);
    const auto etc = filesystem.find(filesystem.root(), "etc");
    const auto fstab = etc && etc->type == fs::FileType::directory
                           ? filesystem.find(etc->node, "fstab")
                           : std::nullopt;
    if (!fstab || fstab->type != fs::FileType::regular)
        return;
    const auto content = filesystem.open(fstab->node);
    std::string text(static_cast<std::size_t>(std::min(content->size(), max_fstab)), '\0');
    content->read(0, std::as_writable_bytes(std::span(text)));
    for (const std::string_view line : text::split(text, '\n')) {
        const auto fields = fields_of(line);
        if (fields.size() < 2 || !fields[1].starts_with('/') || fields[1] == "/")
            continue;
        std::string where;
        for (const std::string& part : split_path(fields[1]))
            where += "/" + part;
        if (const auto volume = volume_of_device(fields[0]))
            mounts_[where] = *volume;
        else if (options_.detail &&
                 (fields[0].find('=') != std::string::npos || fields[0].starts_with("/dev/")))
            options_.detail(fmt::format("{} is mounted from {}, which is not among the disks",
                                        where, fields[0]));
    }
}

void Guest::read_view()
{
    if (view_read_)
        return;
    view_read_ = true;
    // Looking must neither change a volume nor be refused because it must not be written.
    std::vector<std::unique_ptr<fs::Filesystem>> opened(volumes_.size());
    const bool apart = options_.access != fs::Access::read;
    if (apart)
        std::swap(filesystems_, opened);
    viewing_ = true;
    try {
        find_view();
    } catch (...) {
        viewing_ = false;
        throw;
    }
    viewing_ = false;
    if (apart) {
        std::swap(filesystems_, opened);
        failed_.assign(volumes_.size(), false);
    }
}

void Guest::find_view()
{
    std::vector<std::size_t> readable;
    for (std::size_t i = 0; i < volumes_.size(); ++i) {
        if (!for_linux(volumes_[i].content.fs) || !volumes_[i].unusable.empty())
            continue;
        if (exists(i, "etc/fstab") || exists(i, "etc/os-release"))
            roots_.push_back(i);
        if (try_filesystem(i) != nullptr)
            readable.push_back(i);
    }
    if (roots_.empty() && readable.size() == 1)
        roots_ = readable;
    if (roots_.size() == 1) {
        read_fstab(roots_.front());
        if (options_.detail)
            options_.detail(fmt::format("/ is {}", volumes_[roots_.front()].name));
    }
    read_letters();
}

/// What MountedDevices of the registry says: the disk's signature and the byte where the partition
/// starts, or "DMIO:ID:" and the partition's GUID.
std::optional<std::size_t> Guest::volume_of_letter(const std::vector<std::byte>& data) const
{
    for (std::size_t i = 0; i < volumes_.size(); ++i) {
        const Volume& v = volumes_[i];
        if (v.partition == 0)
            continue;
        if (data.size() == 12 && v.part_uuid.size() >= 8) {
            const std::string signature = fmt::format("{:08x}", bytes::le32(data, 0));
            if (bytes::le64(data, 4) == v.start &&
                text::to_lower(v.part_uuid).starts_with(signature + "-"))
                return i;
        }
        if (data.size() == 24 && std::memcmp(data.data(), "DMIO:ID:", 8) == 0) {
            // A GUID's first three groups are little-endian.
            const auto id = bytes::View(data).subspan(8);
            const std::string guid =
                fmt::format("{:08x}-{:04x}-{:04x}-{}-{}", bytes::le32(id, 0), bytes::le16(id, 4),
                            bytes::le16(id, 6), bytes::to_hex(id.subspan(8, 2)),
                            bytes::to_hex(id.subspan(10, 6)));
            if (text::to_lower(v.part_uuid) == guid)
                return i;
        }
    }
    return std::nullopt;
}

void Guest::read_mounted_devices(std::size_t windows)
{
    try {
        fs::Filesystem& filesystem = *filesystems_.at(windows);
        fs::NodeId node = filesystem.root();
        for (const char* name : {"Windows", "System32", "config", "SYSTEM"}) {
            const auto entry = filesystem.find(node, name);
            if (!entry)
                return;
            node = entry->node;
        }
        const auto content = filesystem.open(node);
        if (content->size() > max_hive)
            return;
        std::vector<std::byte> raw(static_cast<std::size_t>(content->size()));
        content->read(0, raw);
        const registry::Hive hive(raw, registry::Hive::Access::read);
        const auto key = hive.find(hive.root(), "MountedDevices");
        if (!key)
            return;
        constexpr std::string_view prefix = "\\DosDevices\\";
        for (const registry::Value& value : hive.values(*key))
            if (value.name.size() == prefix.size() + 2 && value.name.starts_with(prefix))
                if (const auto volume = volume_of_letter(value.data))
                    letters_[value.name[prefix.size()]] = *volume;
    } catch (const Error& error) {
        if (options_.detail)
            options_.detail(error.what());
    }
}

/// By the registry of the only Windows; without one C: is the volume that Windows boots from.
void Guest::read_letters()
{
    std::vector<std::size_t> windows, boot, any;
    for (std::size_t i = 0; i < volumes_.size(); ++i) {
        if (!for_windows(volumes_[i].content.fs) || !volumes_[i].unusable.empty() ||
            try_filesystem(i) == nullptr)
            continue;
        any.push_back(i);
        if (exists(i, "Windows/System32/config") || exists(i, "WINNT/System32/config"))
            windows.push_back(i);
        else if (exists(i, "boot.ini") || exists(i, "bootmgr"))
            boot.push_back(i);
    }
    if (windows.size() == 1)
        read_mounted_devices(windows.front());
    const auto& best = !windows.empty() ? windows : !boot.empty() ? boot : any;
    if (letters_.count('C') == 0 && best.size() == 1)
        letters_['C'] = best.front();
    if (options_.detail)
        for (const auto& [letter, volume] : letters_)
            options_.detail(fmt::format("{}: is {}", letter, volumes_[volume].name));
}

Place Guest::root_of_view()
{
    read_view();
    const auto root = mounts_.find("/");
    if (root != mounts_.end())
        return root_of(root->second, "/");
    std::string names;
    for (const std::size_t i : roots_)
        names += fmt::format("{}{}:/", names.empty() ? "" : ", ", volumes_[i].name);
    if (!roots_.empty())
        throw Error(Errc::ambiguous, "several volumes look like a root filesystem",
                    "choose one: " + names);
    if (failure_) // more likely the reason than the rest
        std::rethrow_exception(failure_);
    if (!letters_.empty())
        throw Error(Errc::not_found, "no volume looks like the root filesystem of a Unix",
                    "write C:/path for a Windows guest, or VOLUME:/path");
    std::string all;
    for (const Volume& volume : volumes_)
        all += fmt::format("{}{}:/", all.empty() ? "" : ", ", volume.name);
    throw Error(Errc::not_found, "no volume looks like a root filesystem",
                all.empty() ? "the disks hold no volumes" : "name one: " + all);
}

Place Guest::root_of_letter(char letter)
{
    read_view();
    const char upper = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
    const auto found = letters_.find(upper);
    if (found == letters_.end() && failure_)
        std::rethrow_exception(failure_);
    if (found == letters_.end())
        throw Error(Errc::not_found, fmt::format("the guest has no drive {}:", upper),
                    "name the volume: p1:/path (--volumes of xva-ls lists them)");
    return root_of(found->second, fmt::format("{}:/", upper));
}

std::string Guest::mount_of(std::size_t volume)
{
    read_view();
    for (const auto& [path, mounted] : mounts_)
        if (mounted == volume)
            return path;
    for (const auto& [letter, mounted] : letters_)
        if (mounted == volume)
            return fmt::format("{}:", letter);
    return {};
}

} // namespace xenlab::guest
