// SPDX-License-Identifier: GPL-3.0-or-later
// Directories of XFS. What looks names up (leaves, nodes, free space) is not needed to read them.
#include "xfs.hpp"

#include <xenlab/base/error.hpp>

namespace xenlab::fs::xfs {
namespace {

FileType type_of_entry(unsigned code)
{
    static constexpr FileType types[] = {
        FileType::other,        FileType::regular, FileType::directory, FileType::character_device,
        FileType::block_device, FileType::fifo,    FileType::socket,    FileType::symlink};
    return code < std::size(types) ? types[code] : FileType::other;
}

std::string text_of(bytes::View data)
{
    return {reinterpret_cast<const char*>(data.data()), data.size()}; // NOLINT: char may alias
}

/// Names that cannot be are left out, as are "." and "..".
bool give(Entry entry, const Filesystem::Visit& visit)
{
    const bool real = !entry.name.empty() && entry.name != "." && entry.name != ".." &&
                      entry.name.find('/') == std::string::npos &&
                      entry.name.find('\0') == std::string::npos;
    return !real || visit(entry);
}

} // namespace

/// Counts of entries and of inode numbers of 8 bytes, the parent; then length of the name, a cookie
/// of 2 bytes, name, type, inode.
bool list_short(const Geometry& geometry, bytes::View fork, const Filesystem::Visit& visit)
{
    if (fork.size() < 6)
        throw damaged("a directory is cut off");
    const unsigned count = bytes::u8(fork, 0);
    const std::size_t number = bytes::u8(fork, 1) != 0 ? 8 : 4;
    const std::size_t type = geometry.entry_types ? 1 : 0;
    std::size_t at = 2 + number;
    for (unsigned i = 0; i < count; ++i) {
        const std::size_t length = at < fork.size() ? bytes::u8(fork, at) : 0;
        if (length == 0 || at + 3 + length + type + number > fork.size())
            throw damaged("a directory is cut off");
        Entry entry{.name = text_of(fork.subspan(at + 3, length))};
        at += 3 + length;
        if (type != 0)
            entry.type = type_of_entry(bytes::u8(fork, at));
        at += type;
        entry.node = number == 8 ? bytes::load_be<std::uint64_t>(fork, at) : bytes::be32(fork, at);
        at += number;
        if (!give(std::move(entry), visit))
            return false;
    }
    return true;
}

/// A header; entries of inode, length of the name, name, type, own place, in units of 8 bytes; or
/// free space, which begins with 0xffff and its length. A directory of one block has a table at the
/// end.
bool list_block(const Geometry& geometry, bytes::View block, std::uint64_t owner,
                const Filesystem::Visit& visit)
{
    const bool v5 = geometry.checksums;
    const std::uint32_t magic = bytes::be32(block, 0);
    const bool single = magic == (v5 ? 0x58444233U : 0x58443242U); // "XDB3", "XD2B"
    if (!single && magic != (v5 ? 0x58444433U : 0x58443244U))      // "XDD3", "XD2D"
        throw damaged("a block of a directory is none");
    if (v5)
        check_sum(block, 4, "a directory");
    if (v5 && bytes::load_be<std::uint64_t>(block, 40) != owner)
        throw damaged("a block of a directory is another's");
    std::size_t end = block.size();
    if (single) {
        const std::uint64_t table = std::uint64_t{bytes::be32(block, end - 8)} * 8 + 8;
        if (table > end)
            throw damaged("the table of a directory is too long");
        end -= static_cast<std::size_t>(table);
    }
    const std::size_t type = geometry.entry_types ? 1 : 0;
    for (std::size_t at = v5 ? 64 : 16; at + 8 <= end;) {
        if (bytes::be16(block, at) == 0xffff) {
            const std::size_t length = bytes::be16(block, at + 2);
            if (length < 8 || length % 8 != 0 || length > end - at)
                throw damaged("the free space of a directory");
            at += length;
            continue;
        }
        const std::size_t length = at + 9 <= end ? bytes::u8(block, at + 8) : 0;
        const std::size_t whole = (9 + length + type + 2 + 7) / 8 * 8;
        if (length == 0 || whole > end - at)
            throw damaged("an entry of a directory is cut off");
        Entry entry{.name = text_of(block.subspan(at + 9, length)),
                    .node = bytes::load_be<std::uint64_t>(block, at)};
        if (type != 0)
            entry.type = type_of_entry(bytes::u8(block, at + 9 + length));
        at += whole;
        if (!give(std::move(entry), visit))
            return false;
    }
    return true;
}

} // namespace xenlab::fs::xfs
