// SPDX-License-Identifier: GPL-3.0-or-later
// From the first sector of a disk to its Table: decides which kind of table there is and has its
// partitions listed and probed.
#pragma once

#include "draft.hpp"
#include "ebr.hpp"
#include "gpt_reader.hpp"
#include "mbr.hpp"
#include "probe.hpp"
#include "requests.hpp"

#include <xenlab/partition/table.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace xenlab::partition {

/// Its parts refer to each other: it must stay where it is.
class TableReader {
  public:
    explicit TableReader(std::optional<std::uint64_t> disk_size);
    TableReader(const TableReader&) = delete;
    TableReader& operator=(const TableReader&) = delete;

    Requests requests;

    /// Call once, when nothing more is wanted.
    Table finish();

  private:
    void head(std::optional<bytes::View> data);
    void no_table();
    void dos_table();
    void add_dos(const MbrEntry& entry, std::uint64_t start, unsigned number);
    void gpt_table(GptReader::Verdict verdict, const std::vector<GptReader::Entry>& entries);
    void add_gpt(const GptReader::Entry& item);
    void probe(Partition& partition, Hint hint);
    [[nodiscard]] static bool fills_disk(bytes::View data, const Mbr& mbr);

    Draft draft_;
    Mbr mbr_;
    LogicalPartitions logical_;
    GptReader gpt_;
};

} // namespace xenlab::partition
