// SPDX-License-Identifier: GPL-3.0-or-later
// One VHD file, without its parents: finds its footer and header, checks its block table, looks up
// places.
#pragma once

#include "layer.hpp"
#include "page_cache.hpp"

#include <xenlab/block/vhd_format.hpp>

#include <functional>
#include <optional>
#include <string>

namespace xenlab::block {

class VhdFile final : public Layer {
  public:
    using Warn = std::function<void(const std::string&)>;

    /// Throws Error{bad_data} for a file that cannot be read right: see the checks of VhdImage.
    VhdFile(std::unique_ptr<BlockDevice> file, const Warn& warn);

    [[nodiscard]] const vhd::Footer& footer() const noexcept { return footer_; }
    /// Only of dynamic and differencing images.
    [[nodiscard]] const vhd::Header& header() const noexcept { return header_; }

    /// Where the footer starts, or the file ends without one.
    [[nodiscard]] std::uint64_t data_end() const noexcept { return data_end_; }
    /// Where the bitmap of a block starts, with the data behind it; nothing when the file does not
    /// have that block. Not of a fixed image.
    std::optional<std::uint64_t> block_place(std::uint64_t block);

    [[nodiscard]] std::uint64_t size() const noexcept override { return footer_.current_size; }
    Run locate(std::uint64_t offset, std::uint64_t length) override;
    [[nodiscard]] BlockDevice& file() noexcept override { return *file_; }
    [[nodiscard]] bool flat() const noexcept override { return footer_.type == vhd::Type::fixed; }

  private:
    void read_footer(const Warn& warn);
    void read_header();
    void check_table();
    /// Throws unless the block's bitmap and data lie inside the file and touch no other structure.
    void check_entry(std::uint64_t block, std::uint32_t entry) const;
    [[nodiscard]] std::uint64_t blocks() const noexcept;
    std::uint32_t entry_of(std::uint64_t block);
    Run locate_in_block(std::uint32_t entry, std::uint64_t within, std::uint64_t length);

    std::unique_ptr<BlockDevice> file_;
    vhd::Footer footer_;
    vhd::Header header_;
    std::uint64_t data_end_ = 0;
    std::vector<Extent> reserved_;       ///< header, table and so on: no place for blocks
    std::unique_ptr<PageCache> table_;   ///< none in a fixed image
    std::unique_ptr<PageCache> bitmaps_; ///< one page is one sector
};

} // namespace xenlab::block
