// SPDX-License-Identifier: GPL-3.0-or-later
// The state of one verification.
#pragma once

#include "hash_queue.hpp"

#include <xenlab/xva/verify.hpp>
#include <xenlab/xva/walker.hpp>

#include <optional>
#include <string>
#include <unordered_map>

namespace xenlab::xva {

class Verifier {
  public:
    Verifier(std::unique_ptr<io::ByteSource> source, const VerifyOptions& options,
             const VerifyEvents& events);
    Report run();

  private:
    /// What is known of a disk while its chunks come.
    struct DiskState {
        std::string last_digits;
        bool started = false;
    };
    /// A chunk read, whose checksum entry is still to come.
    struct Unchecked {
        ChunkCheck check;
        std::string digits;
        HashQueue::Buffer buffer; ///< empty when it was too large to keep:
        std::string sha1, xxh64;  ///< then both hashes were computed on the way
    };

    void walk();
    bool look_at_start();
    void handle(const Entry& entry);
    void on_metadata(const Entry& entry);
    void on_chunk(const Entry& entry);
    void on_checksum(const Entry& entry);
    void on_table(const Entry& entry);
    void check_place(const Entry& entry);
    void read_entry(std::span<std::byte> buffer);
    void read_chunk(const Entry& entry);
    void read_small_chunk(const Entry& entry, std::span<std::byte> buffer);
    void read_large_chunk(const Entry& entry, Unchecked& chunk);
    [[nodiscard]] bool checksums_in_table() const;
    void without_checksum();
    ChunkCheck give_up_checking();
    void hashed(const ChunkCheck& check, const std::string& computed);
    void after_bad_header(const tar::HeaderError& error);
    void finish();
    void check_cut();
    [[nodiscard]] bool is_complete(std::size_t disk) const;
    void check_ending();
    void check_disks();

    void report(Problem problem);
    void report(ProblemKind kind, std::string message, const Entry& entry);
    void refuse(std::string why);
    [[nodiscard]] bool stopped() const { return !options_.keep_going && !report_.problems.empty(); }
    [[nodiscard]] std::uint64_t position() const;

    io::PeekSource source_;
    VerifyOptions options_;
    const VerifyEvents& events_;
    Report report_;
    Walker walker_;
    HashQueue hashes_;
    std::vector<DiskState> disks_;
    std::size_t current_disk_ = 0;
    std::optional<Unchecked> unchecked_;
    bool any_entry_ = false;
    bool seen_metadata_ = false;
    bool reported_ = false; ///< the chunk in front of the next checksum could not be read
    bool cut_off_ = false;  ///< the archive ended early: missing data is no news
    /// export_vsn 0 and 1: SHA-1 of every chunk by name, for the final table.
    std::unordered_map<std::string, std::string> for_table_;
    std::optional<ChunkCheck> first_without_checksum_;
    bool seen_table_ = false;
};

} // namespace xenlab::xva
