// SPDX-License-Identifier: GPL-3.0-or-later
// Files on a volume. Paths, mounts and symlinks are the business of the module guest; here a file
// is a node, found from the root by names.
//
// Everything a volume says is hostile. A Filesystem throws Error{bad_data} for what cannot be; it
// never recurses deeper than the format allows, never loops without end and never allocates by a
// size that it has not compared with the volume's. Names are returned as stored (UTF-8 where the
// format has Unicode) and may hold anything but NUL and "/": names with a "/" are not returned.
#pragma once

#include <xenlab/block/block_device.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::fs {

/// An inode number, a record of the MFT, the place of a directory entry: the filesystem knows.
using NodeId = std::uint64_t;

enum class FileType {
    regular,
    directory,
    symlink,
    fifo,
    character_device,
    block_device,
    socket,
    other
};

struct Time {
    std::int64_t seconds = 0; ///< since 1970, UTC
    std::uint32_t nanoseconds = 0;
    bool operator==(const Time&) const = default;
};

struct Metadata {
    FileType type = FileType::other;
    std::uint64_t size = 0;
    std::optional<Time> modified;
    std::uint32_t mode = 0644; ///< permission bits, 07777
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    bool unix_owner = false; ///< false: mode, uid and gid stand in for what the format lacks
    std::uint32_t links = 1;
    std::uint32_t device_major = 0, device_minor = 0; ///< of device nodes
    std::string link_target;                          ///< of a symlink, with "/" between names
    std::vector<std::string> streams;                 ///< names of NTFS alternate data streams
};

struct Entry {
    std::string name;
    NodeId node = 0;
    FileType type = FileType::other;
    bool system = false; ///< the filesystem's own ($MFT, …): shown only when asked for
};

struct WriteOptions {
    std::optional<std::uint32_t> mode; ///< nothing: as it was, or 0644 (0755 for folders)
    std::optional<Time> modified;      ///< nothing: now
};

/// One thread at a time. Throws xenlab::Error.
class Filesystem {
  public:
    virtual ~Filesystem() = default;
    Filesystem(const Filesystem&) = delete;
    Filesystem& operator=(const Filesystem&) = delete;

    /// As the probe names it: "ext4", "ntfs", "vfat"…
    [[nodiscard]] virtual std::string type() const = 0;
    [[nodiscard]] virtual NodeId root() const = 0;
    /// Windows' filesystems compare names without regard to case.
    [[nodiscard]] virtual bool case_sensitive() const { return true; }

    /// Calls `visit` for every entry but "." and "..", in the order of the directory, until it
    /// returns false.
    using Visit = std::function<bool(const Entry&)>;
    virtual void list(NodeId directory, const Visit& visit) = 0;

    /// The entry of that name, by the filesystem's own rule of equality.
    virtual std::optional<Entry> find(NodeId directory, std::string_view name);

    virtual Metadata stat(NodeId node) = 0;

    /// The content of a file; `stream` is an alternate data stream of NTFS. extents() tells its
    /// holes. Borrows the filesystem. Throws Error{precondition} for content that cannot be
    /// decoded (encrypted, deduplicated…), Error{not_found} for an unknown stream.
    virtual std::unique_ptr<block::BlockDevice> open(NodeId node, std::string_view stream = {}) = 0;

    /// Where on the volume the content of a file or directory lies, in order of the content, holes
    /// left out. Empty when it lies inside the filesystem's metadata.
    virtual std::vector<block::Extent> map(NodeId node) = 0;

    // --- changes; a filesystem opened for reading, or one that is only read, throws
    // Error{precondition} ---

    /// Creates a regular file or gives it new content; owner, attributes and links of an existing
    /// one stay. Returns its node.
    virtual NodeId write_file(NodeId directory, const std::string& name,
                              block::BlockDevice& content, const WriteOptions& options);
    virtual NodeId make_directory(NodeId directory, const std::string& name,
                                  const WriteOptions& options);
    /// A file, symlink or empty directory.
    virtual void remove(NodeId directory, const std::string& name);
    virtual void set_mode(NodeId node, std::uint32_t mode);
    /// Writes everything to the device; call once, last. Without it changes may be there in part.
    virtual void close() {}

  protected:
    Filesystem() = default;
    [[noreturn]] void refuse_write() const;
};

/// Names equal as Windows sees them: simple case folding of every code point.
bool same_name_folded(std::string_view a, std::string_view b);

/// regular -> "file", "directory" -> "dir", "symlink", "fifo", "char", "block", "socket",
/// "other".
std::string_view name_of(FileType type) noexcept;

} // namespace xenlab::fs
