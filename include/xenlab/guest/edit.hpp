// SPDX-License-Identifier: GPL-3.0-or-later
// Changes to a guest's files, from the open source to the committed result.
//
//     Edit edit(options);              // overlays over all disks; nothing is written to the source
//     … change files through edit.guest() …
//     Guest& again = edit.reopen();    // filesystems closed, and opened anew from the overlays
//     … compare what was written …
//     edit.commit();
#pragma once

#include <xenlab/block/overlay.hpp>
#include <xenlab/guest/session.hpp>
#include <xenlab/io/byte_sink.hpp>
#include <xenlab/io/fd.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace xenlab::guest {

struct EditOptions {
    SessionOptions session;
    bool in_place = false;
    std::string output; ///< "-" for `out`, else a file; ignored in place
    bool recover = false;
    std::function<void(std::uint64_t done, std::uint64_t total)> progress; ///< of the commit
};

class Edit {
  public:
    /// Throws at once when the source could not be changed in place.
    explicit Edit(EditOptions options);

    [[nodiscard]] Guest& guest() noexcept { return *guest_; }
    /// Writes what the filesystems still hold and opens them for reading.
    Guest& reopen();
    /// Whether anything changed at all.
    [[nodiscard]] bool changed() const;
    /// `out` is written to when the output is "-".
    void commit(io::ByteSink* out);
    [[nodiscard]] bool damaged() const noexcept { return *damaged_; }

  private:
    void open_guest(fs::Access access);

    EditOptions options_;
    io::Fd kept_; ///< a source that came by once
    std::shared_ptr<bool> damaged_ = std::make_shared<bool>(false);
    std::unique_ptr<disksrc::DiskSource> source_;
    std::vector<std::size_t> numbers_;
    std::vector<std::unique_ptr<block::Overlay>> overlays_;
    std::unique_ptr<Guest> guest_;
};

/// Keeps the bytes of a source that comes by once in a file without a name.
io::Fd keep_bytes(io::ByteSource& bytes, const std::stop_token& stop);
/// A name by which this process can open it again.
std::string name_of_kept(const io::Fd& file);

} // namespace xenlab::guest
