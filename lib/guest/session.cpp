// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/guest/session.hpp>

#include <fmt/format.h>

namespace xenlab::guest {

Session::Session(const SessionOptions& options)
{
    disksrc::OpenOptions open = options.open;
    open.damaged = [warn = options.warn, damaged = damaged_](const std::string& words) {
        *damaged = true;
        if (warn)
            warn(words);
    };
    source_ = disksrc::spooled(disksrc::open_disks(options.source, open), options.spool);
    const auto number = text::parse_u64(options.disk);
    std::vector<Disk> disks;
    for (std::size_t i = 0; i < source_->disks().size(); ++i) {
        const disksrc::DiskInfo& info = source_->disks()[i];
        if (!options.disk.empty() && options.disk != "all" && number != i &&
            options.disk != info.ref)
            continue;
        disks.push_back({source_->device(i), info.ref});
        numbers_.push_back(i);
    }
    if (disks.empty() && !source_->disks().empty())
        throw Error(Errc::not_found,
                    fmt::format("there is no disk {}", text::quoted(options.disk)),
                    fmt::format("the source holds {}, numbered from 0", source_->disks().size()));
    guest_ = std::make_unique<Guest>(std::move(disks), options.guest);
}

} // namespace xenlab::guest
