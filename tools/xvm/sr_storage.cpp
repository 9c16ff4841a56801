// SPDX-License-Identifier: GPL-3.0-or-later
#include "sr_storage.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

namespace xvm {

void declare_storage_options(cli::OptionSet& set, StorageOptions& options)
{
    set.add_choice("KIND", options.kind, lab::storage_kinds(), "Kind of storage").required();
    set.add_option("URL", options.url,
                   "Where it is: SERVER:/PATH, //SERVER/SHARE, iscsi://TARGET/IQN/SCSIID, /dev/sdX")
        .type_name("URL")
        .required();
    set.add_option("--storage-user", options.user, "User of the share, or of CHAP (iscsi)")
        .type_name("NAME");
    set.add_option("--secret-file", options.secret.file,
                   "Its first line is that user's password; else it is asked for")
        .type_name("FILE");
    set.add_option("--secret-fd", options.secret.fd, "Read that password from this descriptor")
        .type_name("N")
        .range(0, 1 << 20);
    set.add_choice("--nfs-version", options.nfs_version, {"3", "4", "4.0", "4.1"},
                   "Version of NFS");
    set.add_choice("--smb-version", options.smb_version, {"1.0", "3.0"},
                   "Version of SMB (iso-cifs)");
    set.add_option("--mount-options", options.mount_options, "More options for mount (NFS)")
        .type_name("OPTIONS");
    set.add_option("--on", options.on_host, "Host that does it; local storage is made there")
        .type_name("HOST");
}

lab::StorageSource storage_of(const StorageOptions& options, bool partial)
{
    lab::StorageSource source = lab::parse_storage(options.kind, options.url, partial);
    const bool nfs = options.kind == "nfs" || options.kind == "iso-nfs";
    const auto refuse = [&](std::string_view option) {
        throw Error(Errc::usage, fmt::format("{} is nothing for {}", option, options.kind));
    };
    if (!options.nfs_version.empty()) {
        if (!nfs)
            refuse("--nfs-version");
        source.device_config["nfsversion"] = options.nfs_version;
    }
    if (!options.mount_options.empty()) {
        if (!nfs)
            refuse("--mount-options");
        source.device_config["options"] = options.mount_options;
    }
    if (!options.smb_version.empty()) {
        if (options.kind != "iso-cifs")
            refuse("--smb-version");
        source.device_config["vers"] = options.smb_version;
    }
    if (!options.user.empty()) {
        if (source.user_key.empty())
            refuse("--storage-user");
        source.device_config[source.user_key] = options.user;
    }
    if ((!options.secret.file.empty() || options.secret.fd >= 0) &&
        (source.user_key.empty() || !source.device_config.contains(source.user_key)))
        throw Error(Errc::usage, "a password needs a user", "give --storage-user");
    return source;
}

bool wants_secret(const lab::StorageSource& source, const StorageOptions& /*options*/)
{
    return !source.user_key.empty() && source.device_config.contains(source.user_key);
}

StorageSecret::StorageSecret(lab::Pool& pool, lab::StorageSource& source,
                             const StorageOptions& options, const std::stop_token& stop)
    : pool_(pool)
{
    if (!wants_secret(source, options))
        return;
    const Secret password =
        lab::read_secret(options.secret,
                         fmt::format("Password for {} on the storage",
                                     text::printable(source.device_config.at(source.user_key))),
                         stop);
    xmlrpc::Struct record;
    record.emplace("value", xmlrpc::Value(password.reveal()));
    record.emplace("other_config", xmlrpc::Value(xmlrpc::Struct{}));
    ref_ = pool.session()
               .call("secret.create", {xmlrpc::Value(std::move(record))})
               .as_scalar()
               .value_or("");
    source.device_config[source.secret_key] =
        pool.session().call("secret.get_uuid", {xmlrpc::Value(ref_)}).as_scalar().value_or("");
}

StorageSecret::~StorageSecret()
{
    if (!ref_.empty() && !kept_)
        pool_.session().clean_up("secret.destroy", {xmlrpc::Value(ref_)});
}

xapi::Ref<xapi::Host> host_for(PoolView& view, const lab::StorageSource& source,
                               const StorageOptions& options)
{
    if (!options.on_host.empty())
        return pick_one<xapi::Host>(view, "host", options.on_host).ref;
    if (!source.shared && view.all<xapi::Host>().size() > 1)
        throw Error(Errc::usage, "local storage needs a host", "say which with --on HOST");
    const auto& pools = view.all<xapi::Pool>();
    if (pools.empty())
        throw Error(Errc::bad_data, "the server told of no pool");
    return pools.front().record.master;
}

std::vector<lab::ProbeItem> probe(lab::Pool& pool, const xapi::Ref<xapi::Host>& host,
                                  const lab::StorageSource& source)
{
    // Which of its lists an error carries (sm: NFSSR 101; LVHDoISCSISR 96 targets, 107 LUNs).
    try {
        return lab::parse_probe(
            pool.session()
                .call("SR.probe", {value(host), map_value(source.device_config),
                                   xmlrpc::Value(source.driver), xmlrpc::Value(xmlrpc::Struct{})})
                .as_scalar()
                .value_or(""));
    } catch (const xapi::Fault& fault) {
        if (!fault.is("SR_BACKEND_FAILURE_101") && !fault.is("SR_BACKEND_FAILURE_96") &&
            !fault.is("SR_BACKEND_FAILURE_107"))
            throw;
        for (const std::string& param : fault.params())
            if (auto items = lab::parse_probe(param); !items.empty())
                return items;
        throw;
    }
}

xmlrpc::Value map_value(const xapi::StringMap& map)
{
    xmlrpc::Struct members;
    for (const auto& [key, text] : map)
        members.emplace(key, xmlrpc::Value(text));
    return xmlrpc::Value(std::move(members));
}

} // namespace xvm
