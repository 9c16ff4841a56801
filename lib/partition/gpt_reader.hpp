// SPDX-License-Identifier: GPL-3.0-or-later
// Reads both copies of a GPT and decides which one counts: the primary if it is sound, else the
// backup.
#pragma once

#include "draft.hpp"
#include "gpt.hpp"
#include "requests.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace xenlab::partition {

class GptReader {
  public:
    enum class Verdict { gpt, none, unread };

    struct Entry {
        unsigned number;
        GptEntry entry;
    };
    /// Called once. With Verdict::gpt the header fields of the draft's table are filled in.
    using Done = std::function<void(Verdict, const std::vector<Entry>&)>;

    GptReader(Requests& requests, Draft& draft, Done done)
        : requests_(requests), draft_(draft), done_(std::move(done))
    {
    }

    /// `head` is the start of the disk.
    void start(bytes::View head);

    /// The logical sector size of the disk, told by where the primary header is; nothing if it is
    /// nowhere.
    static std::optional<std::size_t> logical_sector(bytes::View head);

  private:
    struct Copy {
        GptHeader header;
        std::string damage; ///< empty: sound
        std::uint64_t read = 0;
        std::uint64_t wanted = 0;
        std::uint32_t crc = 0;
        std::vector<Entry> entries;
    };
    using CopyPtr = std::shared_ptr<Copy>;
    /// Null: refused.
    using CopyRead = std::function<void(CopyPtr)>;

    void read_entries(CopyPtr copy, const CopyRead& then);
    void entries_piece(const CopyPtr& copy, bytes::View data, const CopyRead& then);
    static void finish_entries(Copy& copy);

    void primary_read(const CopyPtr& copy);
    void primary_damaged(std::string why);
    void read_backup();
    void read_tail();
    [[nodiscard]] std::optional<std::uint64_t> backup_lba() const;
    [[nodiscard]] std::optional<std::uint64_t> last_lba() const;
    void backup_header(std::uint64_t lba, bytes::View data);
    void backup_read(const CopyPtr& copy);
    void backup_unread();
    void compare(const Copy& backup);
    void fall_back(const CopyPtr& backup);
    void accept(const Copy& copy);

    Requests& requests_;
    Draft& draft_;
    Done done_;
    std::size_t sector_ = sector_size;
    CopyPtr primary_; ///< null if its header is damaged
    bool accepted_ = false;
};

} // namespace xenlab::partition
