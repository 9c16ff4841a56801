// SPDX-License-Identifier: GPL-3.0-or-later
#include "pool_commit.hpp"

#include "pool_source.hpp"
#include "pool_undo.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/lab/mark.hpp>
#include <xenlab/lab/targets.hpp>
#include <xenlab/transfer/pool_disk.hpp>
#include <xenlab/transfer/vdi.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

namespace xenlab::disksrc {
namespace {

constexpr std::chrono::minutes patience{5};
constexpr std::size_t piece = 1U << 20U;

/// The disks of a name, and the VM that they belong to.
struct Target {
    lab::Pool* pool = nullptr;
    std::optional<xapi::Object<xapi::Vm>> vm; ///< none: a disk that nobody has
    std::vector<NamedDisk> disks;
};

Target find(lab::Pools& pools, const std::string& name)
{
    Target target;
    const std::string words = name.substr(name.find(':') + 1);
    if (name.starts_with("vm:")) {
        const VmWords split = split_vm_words(words);
        const lab::VmTarget vm = lab::resolve_vm(pools, split.vm);
        target.pool = vm.pool;
        target.vm = xapi::Object<xapi::Vm>{vm.ref, vm.record};
        target.disks = choose_device(disks_of_vm(vm.pool->session(), vm.record), split.device);
        return target;
    }
    if (!name.starts_with("vdi:"))
        throw Error(Errc::precondition, "a snapshot cannot be changed",
                    "write a changed copy with -o");
    target.pool = &pools.single();
    xapi::Session& session = target.pool->session();
    const auto ref = session.get_by_uuid<xapi::Vdi>(words);
    const xapi::Vdi vdi = session.get_record(ref);
    if (!vdi.VBDs.empty()) {
        const auto vm = session.get_record(vdi.VBDs.front()).VM;
        target.vm = xapi::Object<xapi::Vm>{vm, session.get_record(vm)};
    }
    target.disks.push_back({"", 0, {ref, vdi}});
    return target;
}

/// Throws unless nobody but us will touch the disks.
void check(const Target& target)
{
    xapi::Session& session = target.pool->session();
    if (target.vm && session.get_record(target.vm->ref).power_state != "Halted")
        throw Error(Errc::precondition,
                    fmt::format("{} is not halted", text::quoted(target.vm->record.name_label)),
                    "a running guest would not see the changes, and overwrite them");
    for (const NamedDisk& disk : target.disks) {
        const xapi::Vdi vdi = session.get_record(disk.vdi.ref);
        const std::string name = text::quoted(vdi.name_label);
        if (vdi.is_a_snapshot || vdi.read_only)
            throw Error(Errc::precondition, fmt::format("the disk {} is read-only", name));
        if (vdi.VBDs.size() > 1)
            throw Error(Errc::precondition, fmt::format("the disk {} is used elsewhere, too", name),
                        "xvm vdi who shows by whom");
        for (const auto& ref : vdi.VBDs)
            if (session.get_record(ref).currently_attached)
                throw Error(Errc::precondition, fmt::format("the disk {} is attached", name),
                            "xvm vdi who shows by whom");
        if (std::filesystem::exists(pool_undo_path(vdi.uuid)))
            throw Error(Errc::precondition, "an earlier edit was cut off",
                        "roll it back first: xva-disk --undo");
    }
}

/// Keeps a VM from being started; released again whatever happens.
class Hold {
  public:
    explicit Hold(const Target& target) : session_(target.pool->session())
    {
        if (!target.vm)
            return;
        vm_ = target.vm->ref;
        try {
            for (const char* operation : {"start", "start_on", "resume", "resume_on"}) {
                if (target.vm->record.blocked_operations.contains(operation))
                    continue; // by somebody else, and not ours to release
                session_.call("VM.add_to_blocked_operations",
                              {xapi::Session::value(vm_), xmlrpc::Value(operation),
                               xmlrpc::Value(lab::own_mark().reason("its disk is being written"))});
                held_.emplace_back(operation);
            }
        } catch (const Error&) {
            release();
            throw;
        }
    }
    ~Hold() { release(); }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

  private:
    void release() noexcept
    {
        for (const std::string& operation : held_)
            session_.clean_up("VM.remove_from_blocked_operations",
                              {xapi::Session::value(vm_), xmlrpc::Value(operation)});
        held_.clear();
    }

    xapi::Session& session_;
    xapi::Ref<xapi::Vm> vm_;
    std::vector<std::string> held_;
};

struct Change {
    const NamedDisk* disk;
    block::Overlay* overlay;
    std::vector<block::Extent> dirty;
    std::string log;
};

void each_piece(const Change& change,
                const std::function<void(std::uint64_t, std::span<std::byte>)>& act)
{
    std::vector<std::byte> buffer(piece);
    for (const block::Extent& extent : change.dirty)
        for (std::uint64_t done = 0; done < extent.length;) {
            const auto part = std::span(buffer).first(
                static_cast<std::size_t>(std::min<std::uint64_t>(extent.length - done, piece)));
            act(extent.offset + done, part);
            done += part.size();
        }
}

void send(lab::Pool& pool, const Change& change, const std::function<void(std::uint64_t)>& sent)
{
    transfer::ExtentUpload upload(pool, change.disk->vdi, patience);
    each_piece(change, [&](std::uint64_t offset, std::span<std::byte> part) {
        change.overlay->read(offset, part);
        upload.write(offset, part);
        sent(part.size());
    });
    upload.finish();
}

void compare(lab::Pool& pool, const Change& change)
{
    transfer::PoolDisk disk(pool, change.disk->vdi, {.patience = patience});
    std::vector<std::byte> there(piece);
    each_piece(change, [&](std::uint64_t offset, std::span<std::byte> part) {
        change.overlay->read(offset, part);
        const auto read = std::span(there).first(part.size());
        disk.device().read(offset, read);
        if (!std::equal(read.begin(), read.end(), part.begin()))
            throw Error(Errc::bad_data,
                        fmt::format("what was written at {} reads back differently", offset));
    });
}

std::uint64_t put_back(lab::Pool& pool, const xapi::Object<xapi::Vdi>& vdi, const std::string& log)
{
    transfer::ExtentUpload upload(pool, vdi, patience);
    const std::uint64_t bytes = read_pool_undo(
        log, vdi.record.uuid,
        [&](std::uint64_t offset, std::span<const std::byte> data) { upload.write(offset, data); });
    upload.finish();
    std::filesystem::remove(log);
    return bytes;
}

/// After a failure: the disks as they were, or else words for who has to do it later.
[[noreturn]] void roll_back(lab::Pool& pool, const std::vector<Change>& changes, const Error& error,
                            const std::string& name)
{
    try {
        for (const Change& change : changes)
            if (std::filesystem::exists(change.log))
                put_back(pool, change.disk->vdi, change.log);
    } catch (const Error& worse) {
        throw Error(error.code(),
                    fmt::format("{}; and the old content could not be put back: {}", error.what(),
                                worse.what()),
                    fmt::format("the disk is half changed: xva-disk --undo {} puts it back",
                                text::printable(name)));
    }
    throw error.with_hint("the disk is as it was");
}

} // namespace

void check_pool_disks(const std::string& name, const CommitOptions& options)
{
    lab::Pools pools({}, {}, options.open.stop);
    check(find(pools, name));
}

void commit_to_pool(const std::string& name, std::span<const DiskEdit> edits,
                    const CommitOptions& options)
{
    lab::Pools pools({}, {}, {}); // once begun, a stop request waits
    const Target target = find(pools, name);
    lab::Pool& pool = *target.pool;
    if (options.close_source)
        options.close_source(); // an export holds the disk
    check(target);
    const Hold hold(target);
    check(target); // nobody has started it in the meantime
    std::vector<Change> changes;
    std::uint64_t total = 0, done = 0;
    for (const DiskEdit& edit : edits) {
        const NamedDisk& disk = target.disks.at(edit.disk);
        Change change{&disk, edit.overlay, edit.overlay->dirty(),
                      pool_undo_path(disk.vdi.record.uuid)};
        for (const block::Extent& extent : change.dirty)
            total += extent.length;
        if (!change.dirty.empty())
            changes.push_back(std::move(change));
    }
    try {
        for (const Change& change : changes) {
            transfer::PoolDisk old(pool, change.disk->vdi, {.patience = patience});
            write_pool_undo(change.log, change.disk->vdi.record.uuid, old.device(), change.dirty);
        }
        for (const Change& change : changes)
            send(pool, change, [&](std::uint64_t bytes) {
                done += bytes;
                if (options.progress)
                    options.progress(done, total);
            });
        for (const Change& change : changes)
            compare(pool, change);
    } catch (const Error& error) {
        roll_back(pool, changes, error, name);
    }
    for (const Change& change : changes)
        std::filesystem::remove(change.log);
}

block::UndoResult undo_in_pool(const std::string& name)
{
    lab::Pools pools({}, {}, {});
    const Target target = find(pools, name);
    std::vector<const NamedDisk*> logged;
    for (const NamedDisk& disk : target.disks)
        if (std::filesystem::exists(pool_undo_path(disk.vdi.record.uuid)))
            logged.push_back(&disk);
    if (logged.empty())
        throw Error(Errc::not_found, "there is no edit to undo");
    if (target.vm && target.pool->session().get_record(target.vm->ref).power_state != "Halted")
        throw Error(Errc::precondition, "the VM is not halted");
    const Hold hold(target);
    block::UndoResult result{.found = block::UndoState::complete};
    for (const NamedDisk* disk : logged)
        result.bytes_restored +=
            put_back(*target.pool, disk->vdi, pool_undo_path(disk->vdi.record.uuid));
    return result;
}

} // namespace xenlab::disksrc
