// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/text.hpp>
#include <xenlab/transfer/import.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace xenlab::transfer {
namespace {

/// Reasons against an import, worst first: the first one gives code and hint.
class Refusal {
  public:
    void add(Errc code, std::string message, std::string hint)
    {
        if (messages_.empty()) {
            code_ = code;
            hint_ = std::move(hint);
        }
        messages_.push_back(std::move(message));
    }
    void raise() const
    {
        if (!messages_.empty())
            throw Error(code_, fmt::format("{}", fmt::join(messages_, "; ")), hint_);
    }

  private:
    Errc code_ = Errc::precondition;
    std::vector<std::string> messages_;
    std::string hint_;
};

void check_records(const xva::Metadata& metadata, Refusal& refusal)
{
    if (metadata.missing_fields.empty())
        return;
    const xva::MissingField& first = metadata.missing_fields.front();
    const std::size_t more = metadata.missing_fields.size() - 1;
    refusal.add(Errc::bad_data,
                fmt::format("a host would refuse it: the {} record {} lacks {}{}",
                            text::printable(first.class_name), text::printable(first.id),
                            first.field, more > 0 ? fmt::format(" (and {} more)", more) : ""),
                "--repair completes the records on the way");
}

bool thick(const xapi::Sr& sr)
{
    return sr.type.starts_with("lvm") || sr.type == "rawhba" || sr.type == "iscsi";
}

void check_space(lab::Pool& pool, const xva::Metadata& metadata, const Requirements& wanted,
                 Refusal& refusal)
{
    xapi::Session& session = pool.session();
    xapi::Ref<xapi::Sr> ref = wanted.sr;
    if (!ref)
        for (const auto& one : session.get_all<xapi::Pool>())
            ref = one.record.default_SR;
    if (!ref) {
        refusal.add(Errc::precondition, "the pool has no default SR", "name one with --sr");
        return;
    }
    const xapi::Sr sr = session.get_record(ref);
    const std::string name = text::quoted(sr.name_label);
    if (sr.content_type == "iso")
        refusal.add(Errc::precondition, fmt::format("the SR {} is for ISO images", name),
                    "name another one with --sr");
    const std::uint64_t needed =
        thick(sr) ? metadata.total_virtual_size() : wanted.data.value_or(0);
    const std::int64_t left = sr.physical_size - sr.physical_utilisation;
    if (sr.physical_size > 0 &&
        needed > static_cast<std::uint64_t>(std::max<std::int64_t>(left, 0)))
        refusal.add(Errc::precondition,
                    fmt::format("the SR {} has {} left, but the disks take {}", name,
                                text::human_size(
                                    static_cast<std::uint64_t>(std::max<std::int64_t>(left, 0))),
                                text::human_size(needed)),
                    "name another one with --sr");
}

void check_networks(lab::Pool& pool, const Document& document, const Requirements& wanted,
                    Refusal& refusal)
{
    const auto nics = document.nics();
    if (nics.empty())
        return;
    std::set<std::string> known, missing;
    for (const auto& network : pool.session().get_all<xapi::Network>())
        known.insert(network.record.name_label);
    for (const Document::Nic& nic : nics)
        if (!nic.network.empty() && !known.contains(nic.network))
            missing.insert(nic.network);
    for (const std::string& name : missing)
        refusal.add(Errc::precondition,
                    fmt::format("the pool has no network {}", text::quoted(name)),
                    "--map-network OLD=NEW connects it to another one");
    if (!wanted.keep_identity)
        return;
    std::set<std::string> taken;
    for (const auto& vif : pool.session().get_all<xapi::Vif>())
        taken.insert(text::to_lower(vif.record.MAC));
    for (const Document::Nic& nic : nics)
        if (taken.contains(text::to_lower(nic.mac)))
            refusal.add(Errc::precondition,
                        fmt::format("the MAC address {} is in use", text::printable(nic.mac)),
                        "without --keep-mac it gets new ones");
}

void check_identity(lab::Pool& pool, const Document& document, Refusal& refusal)
{
    for (const std::string& uuid : document.vm_uuids()) {
        try {
            const auto ref = pool.session().get_by_uuid<xapi::Vm>(uuid);
            refusal.add(Errc::precondition,
                        fmt::format("the VM is here already: {}",
                                    text::quoted(pool.session().get_record(ref).name_label)),
                        "without --keep-mac a copy is made");
        } catch (const xapi::Fault&) { // NOLINT(bugprone-empty-catch): no such uuid
        }
    }
}

std::pair<std::uint64_t, std::uint64_t> version_of(const std::string& major,
                                                   const std::string& minor)
{
    return {text::parse_u64(major).value_or(0), text::parse_u64(minor).value_or(0)};
}

/// A host refuses archives of a newer one; both call themselves "23.1".
void check_version(lab::Pool& pool, const xva::Metadata& metadata, Refusal& refusal)
{
    const auto find = [](const auto& map, const char* key) {
        const auto found = map.find(key);
        return found == map.end() ? std::string() : found->second;
    };
    const std::string major = find(metadata.version, "xapi_major");
    const std::string minor = find(metadata.version, "xapi_minor");
    if (pool.hosts().empty())
        return;
    const std::string own = find(pool.hosts().front().record.software_version, "xapi");
    const std::size_t dot = own.find('.');
    if (major.empty() || dot == std::string::npos)
        return;
    if (version_of(major, minor) > version_of(own.substr(0, dot), own.substr(dot + 1)))
        refusal.add(Errc::precondition,
                    fmt::format("it comes from a newer host (xapi {}.{}, here {})",
                                text::printable(major), text::printable(minor),
                                text::printable(own)),
                    "import it into a pool that is as new");
}

} // namespace

void check_requirements(lab::Pool& pool, const Document& document, const Requirements& wanted)
{
    Refusal refusal;
    check_records(document.metadata(), refusal);
    check_version(pool, document.metadata(), refusal);
    check_space(pool, document.metadata(), wanted, refusal);
    check_networks(pool, document, wanted, refusal);
    if (wanted.keep_identity)
        check_identity(pool, document, refusal);
    refusal.raise();
}

} // namespace xenlab::transfer
