// SPDX-License-Identifier: GPL-3.0-or-later
#include "hives.hpp"

#include "bcd.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/bytes/endian.hpp>
#include <xenlab/registry/hive_log.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace xva_reg {

using namespace xenlab;

namespace {

constexpr std::uint64_t max_hive = std::uint64_t{2} << 30U; // the format's own limit
constexpr std::uint64_t max_log = std::uint64_t{512} << 20U;

struct KnownHive {
    std::string_view word;
    std::string_view root; ///< in lower case
    std::string_view shown;
    std::string_view file; ///< below System32/config
};

constexpr std::array<KnownHive, 7> known{{
    {"system", "hkey_local_machine\\system", "HKEY_LOCAL_MACHINE\\SYSTEM", "SYSTEM"},
    {"software", "hkey_local_machine\\software", "HKEY_LOCAL_MACHINE\\SOFTWARE", "SOFTWARE"},
    {"sam", "hkey_local_machine\\sam", "HKEY_LOCAL_MACHINE\\SAM", "SAM"},
    {"security", "hkey_local_machine\\security", "HKEY_LOCAL_MACHINE\\SECURITY", "SECURITY"},
    {"default", "hkey_users\\.default", "HKEY_USERS\\.DEFAULT", "DEFAULT"},
    {"components", "hkey_local_machine\\components", "HKEY_LOCAL_MACHINE\\COMPONENTS",
     "COMPONENTS"},
    {"bcd", "hkey_local_machine\\bcd00000000", "HKEY_LOCAL_MACHINE\\BCD00000000", ""},
}};

const KnownHive* known_hive(std::string_view word)
{
    const auto* found = std::find_if(known.begin(), known.end(),
                                     [&](const KnownHive& k) { return k.word == word; });
    return found == known.end() ? nullptr : found;
}

/// "HKLM\x" -> "hkey_local_machine\x"; HKCR is a part of SOFTWARE.
std::string long_root(const std::string& key)
{
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> shorts{{
        {"hklm\\", "hkey_local_machine\\"},
        {"hku\\", "hkey_users\\"},
        {"hkcr\\", "hkey_local_machine\\software\\classes\\"},
        {"hkey_classes_root\\", "hkey_local_machine\\software\\classes\\"},
    }};
    const std::string lower = text::to_lower(key);
    for (const auto& [from, to] : shorts)
        if (lower.starts_with(from))
            return std::string(to) + key.substr(from.size());
    return key;
}

std::vector<std::byte> read_all(guest::Guest& guest, const guest::Place& place, std::uint64_t most)
{
    const auto content = guest.open(place);
    if (content->size() > most)
        throw Error(Errc::bad_data, fmt::format("{} is too large", text::printable(place.path)));
    std::vector<std::byte> bytes(static_cast<std::size_t>(content->size()));
    content->read(0, bytes);
    return bytes;
}

std::optional<guest::Place> try_find(guest::Guest& guest, const std::string& path)
{
    try {
        return guest.find(path);
    } catch (const Error& error) {
        if (error.code() == Errc::not_found || error.code() == Errc::precondition ||
            error.code() == Errc::ambiguous)
            return std::nullopt;
        throw;
    }
}

guest::Place find_bcd(guest::Guest& guest)
{
    std::vector<guest::Place> found;
    for (std::size_t i = 0; i < guest.volumes().size(); ++i) {
        const guest::Volume& v = guest.volumes()[i];
        if (v.content.fs != "vfat" && v.content.fs != "ntfs")
            continue;
        for (const char* path : {"/EFI/Microsoft/Boot/BCD", "/Boot/BCD"})
            if (auto place = try_find(guest, v.name + ":" + path))
                found.push_back(std::move(*place));
    }
    if (found.empty())
        throw Error(Errc::not_found, "the guest has no boot configuration (BCD)",
                    "name its file: --hive p1:/Boot/BCD");
    if (found.size() > 1)
        throw Error(Errc::ambiguous, "the guest has several boot configurations",
                    fmt::format("name one: --hive {}", found.front().path));
    return found.front();
}

guest::Place find_hive(guest::Guest& guest, const std::string& hive)
{
    const KnownHive* entry = known_hive(hive);
    if (entry == nullptr)
        return guest.find(hive);
    if (entry->file.empty())
        return find_bcd(guest);
    for (const char* folder : {"C:/Windows/System32/config/", "C:/WINNT/System32/config/"})
        if (auto place = try_find(guest, folder + std::string(entry->file)))
            return *place;
    throw Error(Errc::not_found, fmt::format("no Windows with a {} hive was found", entry->shown),
                "name its file: --hive p2:/Windows/System32/config/SYSTEM");
}

std::vector<std::vector<std::byte>> read_logs(guest::Guest& guest, const guest::Place& hive)
{
    std::vector<std::vector<std::byte>> logs;
    for (const char* suffix : {".LOG1", ".LOG2", ".LOG"})
        if (const auto place = try_find(guest, hive.path + suffix)) {
            auto bytes = read_all(guest, *place, max_log);
            if (!bytes.empty())
                logs.push_back(std::move(bytes));
        }
    return logs;
}

} // namespace

KeyName parse_key(const std::string& asked, const std::string& hive)
{
    std::string key = asked;
    std::replace(key.begin(), key.end(), '/', '\\');
    while (key.starts_with('\\'))
        key.erase(0, 1);
    const std::string full = long_root(key);
    const std::string lower = text::to_lower(full);
    for (const KnownHive& entry : known) {
        const bool here = lower == entry.root || lower.starts_with(std::string(entry.root) + "\\");
        if (here && (hive.empty() || hive == entry.word))
            return {std::string(entry.word),
                    full.size() > entry.root.size() ? full.substr(entry.root.size() + 1) : ""};
    }
    if (!hive.empty()) {
        if (lower.starts_with("hkey_current_user\\"))
            return {hive, full.substr(18)};
        if (lower.starts_with("hkcu\\"))
            return {hive, full.substr(5)};
        return {hive, key};
    }
    // SYSTEM\Select, as people write it.
    for (const KnownHive& entry : known)
        if (lower == entry.word || lower.starts_with(std::string(entry.word) + "\\"))
            return {std::string(entry.word),
                    key.size() > entry.word.size() ? key.substr(entry.word.size() + 1) : ""};
    throw Error(Errc::usage, fmt::format("no hive for the key {}", text::quoted(asked)),
                "begin with HKLM\\SYSTEM, HKLM\\SOFTWARE, …, or use --hive");
}

LoadedHive load_hive(guest::Guest& guest, const std::string& hive, const cli::Context& context,
                     bool write, bool recover)
{
    LoadedHive loaded;
    loaded.place = find_hive(guest, hive);
    if (loaded.place.type != fs::FileType::regular)
        throw Error(Errc::failed, fmt::format("{} is no file", text::quoted(loaded.place.path)));
    const KnownHive* entry = known_hive(hive);
    loaded.prefix = entry != nullptr ? std::string(entry->shown) : "HKEY_CURRENT_USER";
    loaded.bcd = hive == "bcd" || text::to_lower(loaded.place.path).ends_with("/bcd");
    context.detail(fmt::format("the hive is {}", loaded.place.path));
    loaded.bytes = read_all(guest, loaded.place, max_hive);
    try {
        if (!registry::is_dirty(loaded.bytes))
            return loaded;
        if (write && !recover)
            throw Error(Errc::precondition,
                        "the hive was not written completely: Windows was not shut down cleanly",
                        "start and shut down Windows, or use --recover");
        const auto result = registry::apply_logs(loaded.bytes, read_logs(guest, loaded.place));
        loaded.recovered = result.entries > 0 || result.rebuilt;
        if (loaded.recovered)
            context.note(fmt::format("{}: its logs were applied{}: {} entr{}, {} pages",
                                     loaded.place.path, write ? "" : " in memory", result.entries,
                                     result.entries == 1 ? "y" : "ies", result.pages));
        else if (write)
            throw Error(Errc::precondition,
                        "the hive was not written completely, and its logs do not help",
                        "repair it in the guest, or from RegBack");
        else
            context.warning(fmt::format("{}: not written completely, and its logs do not help: "
                                        "shown as it is",
                                        loaded.place.path));
    } catch (const Error& error) {
        throw error.within(text::printable(loaded.place.path));
    }
    return loaded;
}

std::string resolve(const registry::Hive& hive, const LoadedHive& loaded, const std::string& path)
{
    if (loaded.bcd)
        return bcd::resolve(hive, path);
    constexpr std::string_view current = "currentcontrolset";
    const std::string lower = text::to_lower(path);
    if (!lower.starts_with(current) ||
        (path.size() > current.size() && path[current.size()] != '\\'))
        return path;
    const auto select = hive.find(hive.root(), "Select");
    const auto number = select ? hive.value(*select, "Current") : std::nullopt;
    if (!number || number->data.size() != 4)
        throw Error(Errc::bad_data, "the hive does not say which control set is current");
    return fmt::format("ControlSet{:03}{}", bytes::le32(number->data, 0),
                       path.substr(current.size()));
}

} // namespace xva_reg
