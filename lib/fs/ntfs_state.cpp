// SPDX-License-Identifier: GPL-3.0-or-later
// How Windows left a volume.
#include "ntfs_library.hpp"

#include <cerrno>

extern "C" {
#include <ntfs-3g/logfile.h>
#include <ntfs-3g/misc.h>
}

namespace xenlab::fs {

bool log_is_clean(const NtfsLibrary& library)
{
    const InodePtr inode = library.open_inode(FILE_LogFile);
    const AttributePtr data = library.open_data(inode.get(), {});
    RESTART_PAGE_HEADER* page = nullptr;
    // A log that was emptied is sound and has no restart page.
    const bool sound = data && ntfs_check_logfile(data.get(), &page) != 0;
    const bool clean = sound && ntfs_is_logfile_clean(data.get(), page) != 0;
    free(page); // NOLINT: the library's
    library.forget();
    return clean;
}

bool is_hibernated(const NtfsLibrary& library)
{
    errno = 0;
    const bool hibernated = ntfs_volume_check_hiberfile(library.volume(), 0) < 0 && errno == EPERM;
    library.forget();
    return hibernated;
}

bool is_marked_dirty(const NtfsLibrary& library)
{
    return (library.volume()->flags & VOLUME_IS_DIRTY) != 0;
}

} // namespace xenlab::fs
