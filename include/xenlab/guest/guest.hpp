// SPDX-License-Identifier: GPL-3.0-or-later
// A guest's files by the paths its user knows.
//
//   /etc/fstab       the root filesystem and what its fstab mounts
//   C:/boot.ini      a drive letter by the registry's MountedDevices
//   p2:/path vg0/root:/path disk:/path d1p2:/path    a volume by name, whatever is mounted
//   …/file:stream    an alternate data stream of NTFS, behind a drive letter or a volume
//
// "\" separates names behind a drive letter as "/" does. Names may hold *, ? and […], which match
// as in a shell. Symbolic links are followed as the guest would, inside the guest.
#pragma once

#include <xenlab/fs/filesystem.hpp>
#include <xenlab/fs/open.hpp>
#include <xenlab/guest/volumes.hpp>

#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::guest {

/// A file or folder that was found.
struct Place {
    std::size_t volume = 0;
    fs::NodeId node = 0;
    fs::FileType type = fs::FileType::other;
    bool system = false; ///< the filesystem's own
    std::string path;    ///< in the words of the path it was found by: "/etc/fstab", "p2:/x"
    std::string stream;  ///< of NTFS; mostly empty
    std::shared_ptr<const Place> parent; ///< null for a root
};

struct GuestOptions {
    fs::Access access = fs::Access::read;
    Words note;   ///< what a user should know: a replayed journal, a guess
    Words detail; ///< what is asked for with -v: the volume that was chosen
};

/// One thread at a time. Throws Error: not_found, ambiguous, precondition, bad_data.
class Guest {
  public:
    /// Borrows the devices of the disks.
    Guest(std::vector<Disk> disks, GuestOptions options);
    ~Guest();
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;

    [[nodiscard]] const std::vector<Disk>& disks() const noexcept { return disks_; }
    [[nodiscard]] const std::vector<Volume>& volumes() const noexcept { return volumes_; }
    /// "/boot", "C:", or empty when the guest does not mount it.
    [[nodiscard]] std::string mount_of(std::size_t volume);

    /// Opened when first used.
    fs::Filesystem& filesystem(std::size_t volume);
    /// Closes all that are open, writing what they still hold.
    void close();
    /// The volume of that name.
    [[nodiscard]] std::size_t volume_named(std::string_view name) const;

    /// The one file at a path without patterns. `follow`: also when the last name is a symlink.
    Place find(std::string_view path, bool follow = true);
    /// All that a path matches, in order; never empty.
    std::vector<Place> expand(std::string_view path, bool follow = true);
    /// Where a file shall be: its folder, which exists, and its name.
    std::pair<Place, std::string> find_parent(std::string_view path);

    /// The entries of a folder with their places, by name.
    std::vector<Place> children(const Place& folder);
    fs::Metadata stat(const Place& place) { return filesystem(place.volume).stat(place.node); }
    std::unique_ptr<block::BlockDevice> open(const Place& place)
    {
        return filesystem(place.volume).open(place.node, place.stream);
    }

  private:
    struct Start;
    Start parse(std::string_view path);
    Place root_of_view();
    Place root_of_letter(char letter);
    Place root_of(std::size_t volume, std::string path);
    std::optional<Place> step(const std::shared_ptr<const Place>& folder, const std::string& name,
                              bool follow, unsigned& links);
    std::optional<Place> walk(std::shared_ptr<const Place> from, std::string_view path, bool follow,
                              unsigned& links);
    Place follow_link(const std::shared_ptr<const Place>& folder, Place link, unsigned& links);
    void cross_mount(Place& place);
    bool exists(std::size_t volume, std::string_view path);
    fs::Filesystem* try_filesystem(std::size_t volume);
    void read_view();
    void find_view();
    void read_fstab(std::size_t root);
    void read_letters();
    void read_mounted_devices(std::size_t windows);
    [[nodiscard]] std::optional<std::size_t>
    volume_of_letter(const std::vector<std::byte>& data) const;
    std::optional<std::size_t> volume_of_device(std::string_view device) const;

    std::vector<Disk> disks_;
    GuestOptions options_;
    std::vector<Volume> volumes_;
    std::vector<std::unique_ptr<fs::Filesystem>> filesystems_;
    std::vector<bool> failed_;   ///< could not be opened while looking for the guest's view
    std::exception_ptr failure_; ///< the first of them
    bool view_read_ = false;
    bool viewing_ = false; ///< volumes are opened for reading, whatever comes later
    std::map<std::string, std::size_t> mounts_; ///< "/" and below, by fstab
    std::map<char, std::size_t> letters_;       ///< 'C'
    std::vector<std::size_t> roots_;            ///< candidates when there is no clear root
};

} // namespace xenlab::guest
