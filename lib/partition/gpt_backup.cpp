// SPDX-License-Identifier: GPL-3.0-or-later
// The backup half of GptReader: where the second copy is, whether it agrees, and when it has to
// stand in.
#include "gpt_reader.hpp"
#include "sight.hpp"

#include <xenlab/bytes/checked.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace xenlab::partition {
namespace {

constexpr std::uint64_t ordinary_entries = std::uint64_t{128} * 128;

} // namespace

std::optional<std::uint64_t> GptReader::last_lba() const
{
    if (!draft_.disk_size || *draft_.disk_size < sector_)
        return std::nullopt;
    return *draft_.disk_size / sector_ - 1;
}

std::optional<std::uint64_t> GptReader::backup_lba() const
{
    const auto last = last_lba();
    if (!primary_)
        return last;
    const std::uint64_t said = primary_->header.alternate;
    if (!last || said == *last)
        return said;
    if (said < *last) {
        draft_.warn(fmt::format("the backup GPT is at sector {}, not at the end of the disk at {}: "
                                "the disk was grown",
                                said, *last));
        return said;
    }
    draft_.warn(fmt::format("the backup GPT is said to be at sector {}, after the end of the disk "
                            "at {}: the disk was shrunk or cut off",
                            said, *last));
    return last;
}

// The entries of a backup lie directly in front of its header: reading both at once keeps the
// order.
void GptReader::read_backup()
{
    if (!primary_)
        return read_tail();
    const auto lba = backup_lba();
    const auto offset = lba ? bytes::checked_mul(*lba, sector_) : std::nullopt;
    if (!offset)
        return backup_unread();
    const std::uint64_t before = std::min(*offset, ordinary_entries);
    requests_.ask(*offset - before, static_cast<std::size_t>(before) + sector_,
                  [=, this](const auto& data) {
                      if (!data)
                          return backup_unread();
                      const auto skip = std::min<std::size_t>(data->size(), before);
                      backup_header(*lba, data->subspan(skip));
                  });
}

// With the primary header gone nothing tells the sector size: the last sector is tried in both.
void GptReader::read_tail()
{
    constexpr std::uint64_t longest = ordinary_entries + 4096;
    if (!draft_.disk_size || *draft_.disk_size < longest)
        return backup_unread();
    const std::uint64_t size = *draft_.disk_size - *draft_.disk_size % sector_size;
    requests_.ask(size - longest, longest, [=, this](const auto& data) {
        if (!data)
            return backup_unread();
        sector_ =
            data->size() == longest && has(*data, ordinary_entries, gpt_signature) ? 4096 : 512;
        const auto skip = std::min<std::size_t>(data->size(), longest - sector_);
        backup_header(size / sector_ - 1, data->subspan(skip));
    });
}

void GptReader::backup_header(std::uint64_t lba, bytes::View data)
{
    auto parsed = parse_gpt_header(data, lba);
    auto copy = std::make_shared<Copy>();
    if (const auto* unsound = std::get_if<Unsound>(&parsed)) {
        copy->damage = unsound->why;
        return backup_read(copy);
    }
    copy->header = std::get<GptHeader>(std::move(parsed));
    if (lba == 1) // the primary, which calls itself its backup
        copy->damage = "it is not there";
    read_entries(copy, [this](const CopyPtr& c) { c ? backup_read(c) : backup_unread(); });
}

void GptReader::backup_unread()
{
    draft_.table.backup = Backup::unread;
    draft_.table.complete = false;
    if (accepted_)
        return;
    if (!primary_)
        return done_(Verdict::unread, {});
    accept(*primary_);
}

void GptReader::backup_read(const CopyPtr& backup)
{
    if (accepted_)
        return compare(*backup);
    fall_back(backup);
}

void GptReader::compare(const Copy& backup)
{
    draft_.table.backup = Backup::bad;
    if (!backup.damage.empty())
        draft_.warn(fmt::format("the backup GPT is damaged: {}", backup.damage));
    else if (!backup.header.same_table(primary_->header))
        draft_.warn("the backup GPT differs from the primary");
    else
        draft_.table.backup = Backup::sound;
}

void GptReader::fall_back(const CopyPtr& backup)
{
    if (backup->damage.empty()) {
        draft_.table.backup = Backup::in_use;
        draft_.warn("the partitions are those of the backup GPT");
        return accept(*backup);
    }
    draft_.table.backup = Backup::bad;
    draft_.warn(fmt::format("the backup GPT is damaged: {}", backup->damage));
    // A sound header with wrong entries still says more than the protective MBR does.
    if (primary_)
        return accept(*primary_);
    done_(Verdict::none, {});
}

} // namespace xenlab::partition
