// SPDX-License-Identifier: GPL-3.0-or-later
#include "pool_commit.hpp"

#include "pool_target.hpp"
#include "pool_undo.hpp"
#include "pool_whole.hpp"

#include <xenlab/base/text.hpp>
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

struct Change {
    const NamedDisk* disk;
    block::Overlay* overlay;
    std::vector<block::Extent> dirty;
    std::string log;
    bool whole = false; ///< the log has all of the disk, because all of it is sent
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

/// The new content where it is new.
Patch patch_of(const Change& change)
{
    return [&change](std::uint64_t offset, std::span<std::byte> part) {
        for (const block::Extent& extent : change.dirty) {
            const std::uint64_t begin = std::max(extent.offset, offset);
            const std::uint64_t end = std::min(extent.offset + extent.length, offset + part.size());
            if (begin < end)
                change.overlay->read(begin, part.subspan(static_cast<std::size_t>(begin - offset),
                                                         static_cast<std::size_t>(end - begin)));
        }
    };
}

/// How much goes to and from the server.
class Meter {
  public:
    explicit Meter(const CommitOptions& options) : options_(options) {}
    void expect(std::uint64_t bytes) { total_ += bytes; }
    void moved(std::uint64_t bytes)
    {
        done_ += bytes;
        if (options_.progress)
            options_.progress(done_, total_);
    }

  private:
    const CommitOptions& options_;
    std::uint64_t done_ = 0, total_ = 0;
};

WholeDisk whole_disk(lab::Pool& pool, const xapi::Object<xapi::Vdi>& vdi, const std::string& log)
{
    return {.pool = pool, .vdi = vdi, .log = log, .patience = patience};
}

/// False when the server takes whole disks only; nothing has been sent then.
bool send_extents(lab::Pool& pool, const Change& change, Meter& meter)
{
    std::optional<transfer::ExtentUpload> upload;
    try {
        upload.emplace(pool, change.disk->vdi, patience);
    } catch (const xapi::Fault& fault) {
        if (transfer::refuses_extents(fault))
            return false;
        throw;
    }
    each_piece(change, [&](std::uint64_t offset, std::span<std::byte> part) {
        change.overlay->read(offset, part);
        upload->write(offset, part);
        meter.moved(part.size());
    });
    upload->finish();
    return true;
}

void send(const Target& target, Change& change, const CommitOptions& options, Meter& meter)
{
    lab::Pool& pool = *target.pool;
    if (send_extents(pool, change, meter))
        return;
    WholeDisk disk = whole_disk(pool, change.disk->vdi, change.log);
    disk.moved = [&](std::uint64_t bytes) { meter.moved(bytes); };
    for (const block::Extent& extent : change.dirty)
        meter.moved(extent.length); // as part of the whole
    meter.expect(3 * disk.size());  // read, sent, read back
    if (options.open.warn)
        options.open.warn(fmt::format(
            "the server takes whole disks only: all {} of {} are read, kept in {} until "
            "it is done, sent, and read back",
            text::human_size(disk.size()), text::quoted(disk.vdi.record.name_label),
            text::printable(std::filesystem::path(change.log).parent_path().string())));
    // The log of the changed parts would not do: a break could damage others. It has not been
    // needed, for nothing was sent.
    std::filesystem::remove(change.log);
    keep_whole(disk, options.open.stop);
    change.whole = true;
    wait_for_transfers(target);
    send_whole(disk, patch_of(change));
}

void compare(lab::Pool& pool, const Change& change, Meter& meter)
{
    if (change.whole) {
        WholeDisk whole = whole_disk(pool, change.disk->vdi, change.log);
        whole.moved = [&](std::uint64_t bytes) { meter.moved(bytes); };
        return compare_whole(whole, patch_of(change));
    }
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

/// A server that takes no extents was sent none, so the disk must be as the log says.
std::uint64_t found_unchanged(lab::Pool& pool, const xapi::Object<xapi::Vdi>& vdi,
                              const std::string& log)
{
    transfer::PoolDisk disk(pool, vdi, {.patience = patience});
    std::vector<std::byte> there(piece);
    read_pool_undo(log, vdi.record.uuid,
                   [&](std::uint64_t offset, std::span<const std::byte> data) {
                       const auto read = std::span(there).first(data.size());
                       disk.device().read(offset, read);
                       if (!std::equal(read.begin(), read.end(), data.begin()))
                           throw Error(Errc::failed, "the server took parts of the disk before, "
                                                     "and now takes whole disks only");
                   });
    return 0;
}

std::uint64_t put_extents_back(lab::Pool& pool, const xapi::Object<xapi::Vdi>& vdi,
                               const std::string& log)
{
    std::optional<transfer::ExtentUpload> upload;
    try {
        upload.emplace(pool, vdi, patience);
    } catch (const xapi::Fault& fault) {
        if (!transfer::refuses_extents(fault))
            throw;
        return found_unchanged(pool, vdi, log);
    }
    const std::uint64_t bytes = read_pool_undo(
        log, vdi.record.uuid, [&](std::uint64_t offset, std::span<const std::byte> data) {
            upload->write(offset, data);
        });
    upload->finish();
    return bytes;
}

std::uint64_t put_back(lab::Pool& pool, const xapi::Object<xapi::Vdi>& vdi, const std::string& log)
{
    std::uint64_t bytes = 0;
    if (const auto size = whole_undo_size(log, vdi.record.uuid)) {
        send_whole(whole_disk(pool, vdi, log), {});
        bytes = *size;
    } else {
        bytes = put_extents_back(pool, vdi, log);
    }
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
    check_target(find_target(pools, name));
}

void commit_to_pool(const std::string& name, std::span<const DiskEdit> edits,
                    const CommitOptions& options)
{
    lab::Pools pools({}, {}, {}); // once begun, a stop request waits
    const Target target = find_target(pools, name);
    lab::Pool& pool = *target.pool;
    if (options.close_source)
        options.close_source(); // an export holds the disk
    wait_for_transfers(target);
    check_target(target);
    const Hold hold(target);
    check_target(target); // nobody has started it in the meantime
    std::vector<Change> changes;
    Meter meter(options);
    for (const DiskEdit& edit : edits) {
        const NamedDisk& disk = target.disks.at(edit.disk);
        Change change{&disk, edit.overlay, edit.overlay->dirty(),
                      pool_undo_path(disk.vdi.record.uuid)};
        for (const block::Extent& extent : change.dirty)
            meter.expect(extent.length);
        if (!change.dirty.empty())
            changes.push_back(std::move(change));
    }
    try {
        for (const Change& change : changes) {
            transfer::PoolDisk old(pool, change.disk->vdi, {.patience = patience});
            write_pool_undo(change.log, change.disk->vdi.record.uuid, old.device(), change.dirty);
        }
        wait_for_transfers(target); // by which the old content was read
        for (Change& change : changes)
            send(target, change, options, meter);
        for (const Change& change : changes)
            compare(pool, change, meter);
    } catch (const Error& error) {
        roll_back(pool, changes, error, name);
    }
    for (const Change& change : changes)
        std::filesystem::remove(change.log);
}

block::UndoResult undo_in_pool(const std::string& name)
{
    lab::Pools pools({}, {}, {});
    const Target target = find_target(pools, name);
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
