// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/guest/session.hpp>

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
    std::vector<Disk> disks;
    numbers_ = disksrc::choose_disks(source_->disks(), options.disk);
    for (const std::size_t number : numbers_)
        disks.push_back({source_->device(number), source_->disks()[number].ref});
    guest_ = std::make_unique<Guest>(std::move(disks), options.guest);
}

} // namespace xenlab::guest
