// SPDX-License-Identifier: GPL-3.0-or-later
// The chain of extended boot records in an extended partition. Of each one the data entries become
// logical partitions, and the first entry of an extended type is the link to the next. A data entry
// counts from the record it is in, a link from the start of the extended partition.
#pragma once

#include "draft.hpp"
#include "mbr.hpp"
#include "requests.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <set>

namespace xenlab::partition {

class LogicalPartitions {
  public:
    /// `found` gets the entry with its start made absolute.
    using Found = std::function<void(const MbrEntry&, std::uint64_t start, unsigned number)>;

    LogicalPartitions(Requests& requests, Draft& draft, Found found)
        : requests_(requests), draft_(draft), found_(std::move(found))
    {
    }

    /// Of several extended partitions the first is followed first, as Linux numbers them.
    void add(const MbrEntry& extended, unsigned number);
    void start() { next_chain(); }

  private:
    struct Chain {
        std::uint64_t start;
        std::uint64_t sectors;
        unsigned number;
    };

    void next_chain();
    void read_record(std::uint64_t at, std::uint64_t sectors);
    void record(std::uint64_t at, std::uint64_t sectors, std::optional<bytes::View> data);
    void add_logical(const MbrEntry& entry, std::size_t index, std::uint64_t at,
                     std::uint64_t sectors);
    void follow(const Mbr& ebr, std::uint64_t at);
    void stop(std::string warning);

    Requests& requests_;
    Draft& draft_;
    Found found_;
    std::deque<Chain> chains_; ///< the one at the front is being followed
    std::set<std::uint64_t> seen_;
    unsigned next_number_ = 5;
};

} // namespace xenlab::partition
