// SPDX-License-Identifier: GPL-3.0-or-later
#include "pool_source.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/lab/targets.hpp>
#include <xenlab/transfer/pool_disk.hpp>
#include <xenlab/transfer/temporary_snapshot.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::disksrc {
namespace {

/// What position 0, 1… is called in a guest with PV drivers.
std::string device_name(std::uint64_t position)
{
    std::string letters;
    for (std::uint64_t n = position + 1; n > 0; n = (n - 1) / 26)
        letters.insert(letters.begin(), static_cast<char>('a' + (n - 1) % 26));
    return "xvd" + letters;
}

bool is_device(std::string_view word)
{
    if (word.empty())
        return false;
    if (word.find_first_not_of("0123456789") == std::string_view::npos)
        return word.size() <= 3;
    const bool prefix = word.starts_with("xvd") || word.starts_with("sd") || word.starts_with("hd");
    const std::string_view letters =
        word.substr(std::min<std::size_t>(word.size(), word.starts_with("xvd") ? 3 : 2));
    return prefix && !letters.empty() && letters.size() <= 2 &&
           letters.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string_view::npos;
}

/// One pool, one login, and whatever is open there; all of it ends with the source.
class PoolSource final : public DiskSource, private block::ForwardDisks {
  public:
    PoolSource(const std::string& name, const OpenOptions& options)
        : options_(options),
          pools_({},
                 lab::Words{
                     .note = [this](std::string_view words) { tell(options_.warn, words); },
                     .detail = [this](std::string_view words) { tell(options_.detail, words); }},
                 options.stop)
    {
        const std::size_t colon = name.find(':');
        const std::string words = name.substr(colon + 1);
        if (name.starts_with("vm:"))
            open_vm(words);
        else if (name.starts_with("vdi:"))
            open_vdi(words);
        else
            open_snapshot(words);
        format_ = SourceFormat::raw;
    }

    block::BlockDevice* device(std::size_t disk) override
    {
        return random_access_ ? &opened_.at(disk)->device() : nullptr;
    }
    block::ForwardDisks* stream() override { return random_access_ ? nullptr : this; }
    bool fetch_on_demand() override { return random_access_ = true; }
    void close() override
    {
        for (const auto& disk : opened_)
            disk->close();
    }

  private:
    static void tell(const std::function<void(const std::string&)>& to, std::string_view words)
    {
        if (to)
            to(std::string(words));
    }
    void open_vm(const std::string& words);
    void open_vdi(const std::string& uuid);
    void open_snapshot(const std::string& words);
    void open(lab::Pool& pool, std::vector<NamedDisk> disks);

    std::optional<std::size_t> read(std::size_t disk, std::uint64_t offset,
                                    std::span<std::byte> buffer, std::uint64_t limit) override
    {
        return opened_.at(disk)->read_forward(offset, buffer, limit);
    }
    [[nodiscard]] std::uint64_t taken() const override
    {
        std::uint64_t sum = 0;
        for (const auto& disk : opened_)
            sum += disk->taken();
        return sum;
    }

    OpenOptions options_;
    lab::Pools pools_;
    std::optional<transfer::TemporarySnapshot> snapshot_;
    std::vector<std::unique_ptr<transfer::PoolDisk>> opened_; ///< last: closed first
    bool random_access_ = false;
};

void PoolSource::open(lab::Pool& pool, std::vector<NamedDisk> disks)
{
    transfer::PoolDiskOptions options;
    if (options_.timeout.count() > 0)
        options.patience = options_.timeout;
    options.detail = [this](std::string_view words) { tell(options_.detail, words); };
    random_access_ = !disks.empty();
    for (NamedDisk& disk : disks) {
        disks_.push_back({.ref = disk.device,
                          .name = disk.vdi.record.name_label,
                          .size = static_cast<std::uint64_t>(disk.vdi.record.virtual_size)});
        opened_.push_back(std::make_unique<transfer::PoolDisk>(pool, std::move(disk.vdi), options));
        random_access_ = random_access_ && opened_.back()->has_nbd();
    }
}

void PoolSource::open_vm(const std::string& words)
{
    const VmWords split = split_vm_words(words);
    const lab::VmTarget vm = lab::resolve_vm(pools_, split.vm);
    xapi::Session& session = vm.pool->session();
    const bool live = vm.record.power_state == "Running" || vm.record.power_state == "Paused";
    if (live) {
        tell(options_.detail, "it runs: a snapshot of it is read, and removed again");
        snapshot_.emplace(*vm.pool, xapi::Object<xapi::Vm>{vm.ref, vm.record},
                          transport::deadline_in(std::chrono::minutes(10)));
        snapshot_->mark();
    }
    open(*vm.pool,
         choose_device(disks_of_vm(session, live ? snapshot_->record() : vm.record), split.device));
}

void PoolSource::open_vdi(const std::string& uuid)
{
    lab::Pool& pool = pools_.single();
    xapi::Session& session = pool.session();
    const auto ref = session.get_by_uuid<xapi::Vdi>(uuid);
    const xapi::Vdi vdi = session.get_record(ref);
    for (const auto& vbd_ref : vdi.VBDs) {
        const xapi::Vbd vbd = session.get_record(vbd_ref);
        if (!vbd.currently_attached || vbd.mode == "RO")
            continue;
        const xapi::Vm vm = session.get_record(vbd.VM);
        if (!vm.is_control_domain)
            throw Error(
                Errc::precondition, fmt::format("{} writes to it", text::quoted(vm.name_label)),
                fmt::format("vm:{} reads a snapshot of it", text::printable(vm.name_label)));
    }
    open(pool, {{"", 0, {ref, vdi}}});
}

void PoolSource::open_snapshot(const std::string& words)
{
    const VmWords split = split_vm_words(words);
    lab::Pool& pool = pools_.single();
    xapi::Session& session = pool.session();
    try {
        const auto vm = session.get_record(session.get_by_uuid<xapi::Vm>(split.vm));
        open(pool, choose_device(disks_of_vm(session, vm), split.device));
        return;
    } catch (const xapi::Fault& fault) {
        if (!fault.is("UUID_INVALID"))
            throw;
    }
    open_vdi(split.vm);
}

} // namespace

std::vector<NamedDisk> disks_of_vm(xapi::Session& session, const xapi::Vm& vm)
{
    std::vector<NamedDisk> all;
    for (const auto& ref : vm.VBDs) {
        const xapi::Vbd vbd = session.get_record(ref);
        if (vbd.type != "Disk" || vbd.empty || !vbd.VDI)
            continue;
        const std::uint64_t position = text::parse_u64(vbd.userdevice).value_or(0);
        all.push_back({device_name(position), position, {vbd.VDI, session.get_record(vbd.VDI)}});
    }
    std::sort(all.begin(), all.end(),
              [](const auto& a, const auto& b) { return a.position < b.position; });
    return all;
}

std::vector<NamedDisk> choose_device(std::vector<NamedDisk> all, const std::string& device)
{
    if (device.empty())
        return all;
    const auto number = text::parse_u64(device);
    for (NamedDisk& disk : all) {
        const bool same_letter = !number && device.back() == disk.device.back() &&
                                 disk.position < 26 && device.size() <= disk.device.size();
        if (number ? *number == disk.position : same_letter)
            return {std::move(disk)};
    }
    throw Error(Errc::not_found, fmt::format("it has no disk {}", text::quoted(device)));
}

bool is_pool_source(const std::string& name) noexcept
{
    return name.starts_with("vm:") || name.starts_with("vdi:") || name.starts_with("snap:");
}

VmWords split_vm_words(const std::string& words)
{
    const std::size_t slash = words.rfind('/');
    if (slash == std::string::npos || !is_device(std::string_view(words).substr(slash + 1)))
        return {words, ""};
    return {words.substr(0, slash), words.substr(slash + 1)};
}

std::unique_ptr<DiskSource> open_pool_source(const std::string& name, const OpenOptions& options)
{
    return std::make_unique<PoolSource>(name, options);
}

} // namespace xenlab::disksrc
