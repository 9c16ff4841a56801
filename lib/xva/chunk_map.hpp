// SPDX-License-Identifier: GPL-3.0-or-later
// Where the chunks of an archive's disks lie in its file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace xenlab::xva {

struct ChunkPlace {
    std::uint64_t disk_offset = 0;
    std::uint64_t file_offset = 0; ///< of the content
    std::uint64_t length = 0;
};

/// Chunks are added disk by disk, in the order of their offsets. Throws Error{bad_data} for an
/// archive in very many pieces.
class ChunkMap {
  public:
    void add(std::size_t disk, const ChunkPlace& chunk);

    /// The chunk that holds the byte. Nothing in a hole, and then `next` is where the next chunk
    /// begins, if there is one.
    [[nodiscard]] std::optional<ChunkPlace> find(std::size_t disk, std::uint64_t offset,
                                                 std::optional<std::uint64_t>& next) const;

    [[nodiscard]] bool empty() const noexcept { return runs_.empty(); }
    /// The disk that a chunk was added to last.
    [[nodiscard]] std::size_t newest_disk() const noexcept { return newest_disk_; }

    /// All of it as numbers, and back; false for what cannot be the map of so many disks with these
    /// ends in a file of this size.
    void save(std::vector<std::uint64_t>& numbers) const;
    bool restore(std::span<const std::uint64_t> numbers, std::span<const std::uint64_t> ends,
                 std::uint64_t file_size);

  private:
    /// Chunks in a row, on the disk and in the file: an archive of terabytes has few of them.
    struct Run {
        std::uint64_t disk_offset = 0;
        std::uint64_t file_offset = 0; ///< of the first chunk's content
        std::uint64_t stride = 0;      ///< from one content to the next in the file
        std::uint64_t length = 0;      ///< of each chunk
        std::uint64_t count = 1;

        [[nodiscard]] std::uint64_t disk_end() const { return disk_offset + length * count; }
    };
    static bool possible(const Run& run, std::uint64_t begin, std::uint64_t end,
                         std::uint64_t file_size);

    std::vector<std::vector<Run>> runs_; ///< by disk
    std::size_t total_runs_ = 0;
    std::size_t newest_disk_ = 0;
};

} // namespace xenlab::xva
