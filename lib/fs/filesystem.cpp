// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/utf8.hpp>
#include <xenlab/fs/filesystem.hpp>

#include <fmt/format.h>

namespace xenlab::fs {
namespace {

// Windows folds by a table on the volume ($UpCase). This is its substance without the table:
// ASCII, Latin-1 and the regular ranges of Latin Extended-A, Greek and Cyrillic.
char32_t upper(char32_t c)
{
    if (c < 0x80)
        return c >= 'a' && c <= 'z' ? c - 32 : c;
    if ((c >= 0xe0 && c <= 0xfe && c != 0xf7) || (c >= 0x3b1 && c <= 0x3c9 && c != 0x3c2) ||
        (c >= 0x430 && c <= 0x44f))
        return c - 32;
    if (c >= 0x450 && c <= 0x45f)
        return c - 80;
    if (c == 0xff)
        return 0x178;
    const bool even_first = (c >= 0x100 && c <= 0x137 && c != 0x131) ||
                            (c >= 0x14a && c <= 0x177) || (c >= 0x460 && c <= 0x481) ||
                            (c >= 0x48a && c <= 0x4bf) || (c >= 0x4d0 && c <= 0x52f);
    if (even_first)
        return c & ~char32_t{1};
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
        return (c & 1U) != 0 ? c : c - 1;
    return c;
}

} // namespace

bool same_name_folded(std::string_view a, std::string_view b)
{
    while (!a.empty() && !b.empty()) {
        const auto x = text::next_code_point(a), y = text::next_code_point(b);
        if (!x || !y || upper(*x) != upper(*y))
            return false;
    }
    return a.empty() && b.empty();
}

std::string_view name_of(FileType type) noexcept
{
    switch (type) {
    case FileType::regular:
        return "file";
    case FileType::directory:
        return "dir";
    case FileType::symlink:
        return "symlink";
    case FileType::fifo:
        return "fifo";
    case FileType::character_device:
        return "char";
    case FileType::block_device:
        return "block";
    case FileType::socket:
        return "socket";
    case FileType::other:
        break;
    }
    return "other";
}

std::optional<Entry> Filesystem::find(NodeId directory, std::string_view name)
{
    std::optional<Entry> found;
    list(directory, [&](const Entry& entry) {
        const bool exact = entry.name == name;
        if (exact || (!found && !case_sensitive() && same_name_folded(entry.name, name)))
            found = entry;
        return !exact;
    });
    return found;
}

void Filesystem::refuse_write() const
{
    throw Error(Errc::precondition, fmt::format("{} cannot be written here", type()),
                "ext2/3/4, NTFS and FAT can");
}

NodeId Filesystem::write_file(NodeId /*directory*/, const std::string& /*name*/,
                              block::BlockDevice& /*content*/, const WriteOptions& /*options*/)
{
    refuse_write();
}

NodeId Filesystem::make_directory(NodeId /*directory*/, const std::string& /*name*/,
                                  const WriteOptions& /*options*/)
{
    refuse_write();
}

void Filesystem::remove(NodeId /*directory*/, const std::string& /*name*/)
{
    refuse_write();
}

void Filesystem::set_mode(NodeId /*node*/, std::uint32_t /*mode*/)
{
    refuse_write();
}

} // namespace xenlab::fs
