// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/lab/storage.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace xenlab::lab {
namespace {

struct Kind {
    std::string_view name, driver, content_type;
    bool shared, formats, can_probe;
    std::string_view user_key, secret_key;
    std::string_view form; ///< for messages
};

constexpr std::string_view smb_form = "smb://SERVER/SHARE or //SERVER/SHARE";
constexpr std::array kinds{
    Kind{"nfs", "nfs", "user", true, false, true, "", "", "SERVER:/PATH or nfs://SERVER/PATH"},
    // ISOSR has no probe.
    Kind{"iso-nfs", "iso", "iso", true, false, false, "", "", "SERVER:/PATH or nfs://SERVER/PATH"},
    Kind{"iso-cifs", "iso", "iso", true, false, false, "username", "cifspassword_secret", smb_form},
    Kind{"smb", "smb", "user", true, false, true, "username", "password_secret", smb_form},
    Kind{"iscsi", "lvmoiscsi", "user", true, true, true, "chapuser", "chappassword_secret",
         "iscsi://TARGET[:PORT]/IQN/SCSIID"},
    Kind{"ext", "ext", "user", false, true, true, "", "", "/dev/DEVICE"},
    Kind{"lvm", "lvm", "user", false, true, true, "", "", "/dev/DEVICE"},
};

const Kind& kind_of(std::string_view name)
{
    const auto* found = std::find_if(kinds.begin(), kinds.end(),
                                     [&](const Kind& kind) { return kind.name == name; });
    if (found == kinds.end())
        throw Error(Errc::usage, fmt::format("no kind of storage is called {}", text::quoted(name)),
                    fmt::format("there are {}", fmt::join(storage_kinds(), ", ")));
    return *found;
}

[[noreturn]] void malformed(const Kind& kind)
{
    throw Error(Errc::usage, fmt::format("{} storage is named as {}", kind.name, kind.form));
}

bool clean(std::string_view text)
{
    return std::none_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f;
    });
}

/// Takes "[DOMAIN;]USER@" off a URL's authority.
std::string take_user(std::string_view& rest)
{
    const std::string_view authority = rest.substr(0, rest.find('/'));
    const std::size_t at = authority.rfind('@');
    if (at == std::string_view::npos)
        return {};
    std::string user(authority.substr(0, at));
    if (user.find(':') != std::string::npos)
        throw Error(Errc::usage, "a password does not belong into a URL",
                    "use --secret-file, --secret-fd, or let it be asked for");
    std::replace(user.begin(), user.end(), ';', '\\'); // as the drivers want a domain
    rest.remove_prefix(at + 1);
    return user;
}

bool take(std::string_view& rest, std::string_view front)
{
    if (!rest.starts_with(front))
        return false;
    rest.remove_prefix(front.size());
    return true;
}

void parse_nfs(const Kind& kind, std::string_view rest, bool partial, StorageSource& source)
{
    std::string server;
    std::string path;
    if (take(rest, "nfs://")) {
        const std::size_t slash = std::min(rest.find('/'), rest.size());
        server = rest.substr(0, slash);
        path = rest.substr(slash);
    } else {
        const std::size_t colon = std::min(rest.find(":/"), rest.size());
        server = rest.substr(0, colon);
        path = colon < rest.size() ? rest.substr(colon + 1) : "";
    }
    if (server.empty() || server.find('/') != std::string::npos || path == "/" ||
        (path.empty() && !partial))
        malformed(kind);
    source.default_name = fmt::format("{} {}:{}", kind.name, server, path);
    if (source.driver == "iso") {
        source.device_config = {{"location", server + ":" + path}, {"type", "nfs_iso"}};
        return;
    }
    source.device_config = {{"server", server}};
    if (!path.empty())
        source.device_config["serverpath"] = path;
}

void parse_smb(const Kind& kind, std::string_view rest, StorageSource& source)
{
    std::string slashed(rest);
    std::replace(slashed.begin(), slashed.end(), '\\', '/');
    std::string_view left = slashed;
    if (!take(left, "smb://") && !take(left, "cifs://") && !take(left, "//"))
        malformed(kind);
    const std::string user = take_user(left);
    const std::size_t slash = left.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == left.size())
        malformed(kind);
    const std::string server(left.substr(0, slash));
    const std::string_view path = left.substr(slash + 1);
    const std::string share(path.substr(0, path.find('/')));
    std::string folder(path.substr(std::min(share.size(), path.size())));
    while (folder.ends_with('/'))
        folder.pop_back();
    source.default_name = fmt::format("{} //{}/{}{}", kind.name, server, share, folder);
    if (source.driver == "iso") {
        source.device_config = {{"location", fmt::format("//{}/{}", server, share)},
                                {"type", "cifs"}};
        if (!folder.empty())
            source.device_config["iso_path"] = folder;
    } else {
        source.device_config = {{"server", fmt::format("//{}/{}{}", server, share, folder)}};
    }
    if (!user.empty())
        source.device_config[source.user_key] = user;
}

void parse_iscsi(const Kind& kind, std::string_view rest, bool partial, StorageSource& source)
{
    if (!take(rest, "iscsi://"))
        malformed(kind);
    const std::string user = take_user(rest);
    auto parts = text::split(rest, '/');
    std::string target(parts[0]);
    std::string port = "3260"; // RFC 7143
    const std::size_t colon = target.rfind(':');
    if (colon != std::string::npos && target.find(']', colon) == std::string::npos) {
        port = target.substr(colon + 1);
        target.resize(colon);
    }
    const auto number = text::parse_u64(port);
    const std::string iqn(parts.size() > 1 ? parts[1] : "");
    const std::string scsi_id(parts.size() > 2 ? parts[2] : "");
    if (target.empty() || !number || *number == 0 || *number > 65535 || parts.size() > 3 ||
        (!partial && (iqn.empty() || scsi_id.empty())))
        malformed(kind);
    source.device_config = {{"target", target}, {"port", port}};
    if (!iqn.empty())
        source.device_config["targetIQN"] = iqn;
    if (!scsi_id.empty())
        source.device_config["SCSIid"] = scsi_id;
    if (!user.empty())
        source.device_config[source.user_key] = user;
    source.default_name = fmt::format("iscsi {} {}", target, iqn);
}

} // namespace

const std::vector<std::string>& storage_kinds()
{
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const Kind& kind : kinds)
            all.emplace_back(kind.name);
        return all;
    }();
    return names;
}

StorageSource parse_storage(std::string_view kind_name, std::string_view url, bool partial)
{
    const Kind& kind = kind_of(kind_name);
    StorageSource source{.driver = std::string(kind.driver),
                         .content_type = std::string(kind.content_type),
                         .shared = kind.shared,
                         .formats = kind.formats,
                         .can_probe = kind.can_probe,
                         .device_config = {},
                         .user_key = std::string(kind.user_key),
                         .secret_key = std::string(kind.secret_key),
                         .default_name = {}};
    if (!clean(url) || !text::is_utf8(url))
        malformed(kind);
    if (kind.name == "nfs" || kind.name == "iso-nfs") {
        parse_nfs(kind, url, partial, source);
    } else if (kind.name == "iso-cifs" || kind.name == "smb") {
        parse_smb(kind, url, source);
    } else if (kind.name == "iscsi") {
        parse_iscsi(kind, url, partial, source);
    } else {
        if (!url.starts_with("/dev/") || url.size() == 5)
            malformed(kind);
        source.device_config = {{"device", std::string(url)}};
        source.default_name = fmt::format("{} {}", kind.name, url);
    }
    return source;
}

xapi::StringMap storage_identity(const xapi::StringMap& device_config)
{
    constexpr std::array identity{"server",    "serverpath", "location", "iso_path",
                                  "targetIQN", "SCSIid",     "device",   "target"};
    xapi::StringMap same;
    for (const char* key : identity)
        if (const auto found = device_config.find(key); found != device_config.end())
            same.emplace(*found);
    return same;
}

} // namespace xenlab::lab
