// SPDX-License-Identifier: GPL-3.0-or-later
#include "iso9660.hpp"

#include "unix_mode.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/utf8.hpp>

#include <algorithm>
#include <cstring>
#include <ctime>

namespace xenlab::fs {
namespace {

constexpr std::uint64_t sector = 2048;
constexpr std::uint64_t max_directory = std::uint64_t{64} << 20U;

Error damaged(const char* what)
{
    return {Errc::bad_data, std::string("the ISO 9660 volume is damaged: ") + what};
}

std::string_view chars(bytes::View data)
{
    return {reinterpret_cast<const char*>(data.data()), data.size()}; // NOLINT: char may alias
}

/// Years since 1900, month, day, hour, minute, second, quarters of an hour east of Greenwich.
std::optional<Time> time_of(bytes::View raw)
{
    if (bytes::u8(raw, 0) == 0 && bytes::u8(raw, 1) == 0)
        return std::nullopt;
    std::tm parts{};
    parts.tm_year = bytes::u8(raw, 0);
    parts.tm_mon = bytes::u8(raw, 1) - 1;
    parts.tm_mday = bytes::u8(raw, 2);
    parts.tm_hour = bytes::u8(raw, 3);
    parts.tm_min = bytes::u8(raw, 4);
    parts.tm_sec = bytes::u8(raw, 5);
    const auto zone = static_cast<std::int8_t>(bytes::u8(raw, 6));
    return Time{::timegm(&parts) - zone * 900L, 0};
}

std::string utf16be_to_utf8(std::string_view raw)
{
    std::string swapped;
    for (std::size_t i = 0; i + 1 < raw.size(); i += 2) {
        swapped += raw[i + 1];
        swapped += raw[i];
    }
    return text::utf16le_to_utf8(swapped);
}

/// "NAME.EXT;1" and "NAME.;1" without what is not part of the name.
std::string plain_name(std::string name)
{
    name.resize(std::min(name.find(';'), name.size()));
    if (name.size() > 1 && name.back() == '.')
        name.pop_back();
    return name;
}

} // namespace

Iso9660::Iso9660(block::BlockDevice& volume) : volume_(volume)
{
    choose_tree();
}

/// Rock Ridge in the primary tree comes first, then Joliet, then the primary tree as it is.
void Iso9660::choose_tree()
{
    std::vector<std::byte> block(sector), primary, joliet;
    for (std::uint64_t i = 16; i < 16 + 64; ++i) {
        volume_.read(i * sector, block);
        const unsigned kind = bytes::u8(block, 0);
        if (std::memcmp(block.data() + 1, "CD001", 5) != 0 || kind == 255)
            break;
        const auto escape = chars(bytes::View(block).subspan(88, 3));
        if (kind == 1 && primary.empty())
            primary = block;
        if (kind == 2 && (escape == "%/@" || escape == "%/C" || escape == "%/E"))
            joliet = block;
    }
    if (primary.empty())
        throw damaged("it has no primary descriptor");
    block_size_ = bytes::le16(primary, 128);
    if (block_size_ != 512 && block_size_ != 1024 && block_size_ != 2048)
        throw damaged("its block size cannot be");
    Node root = parse(bytes::View(primary).subspan(156, 34));
    if (root.runs.empty())
        throw damaged("its root is empty");
    // "." of the root begins with SP where SUSP is in use.
    volume_.read(root.runs.front().volume, block);
    const std::size_t length = bytes::u8(block, 0);
    if (length >= 34 + 7 && std::memcmp(block.data() + 34, "SP\x07\x01\xbe\xef", 6) == 0) {
        rock_ridge_ = true;
        skip_ = bytes::u8(block, 40);
    } else if (!joliet.empty()) {
        joliet_ = true;
        root = parse(bytes::View(joliet).subspan(156, 34));
    }
    root.data.type = FileType::directory;
    nodes_[0] = std::move(root);
}

Iso9660::Node Iso9660::parse(bytes::View record) const
{
    Node node;
    const std::size_t name_length = bytes::u8(record, 32);
    if (record.size() < 33 + name_length)
        throw damaged("a directory record is cut off");
    const unsigned flags = bytes::u8(record, 25);
    const std::uint64_t skipped = bytes::u8(record, 1); // an extended attribute record in front
    const std::uint64_t at = (bytes::le32(record, 2) + skipped) * block_size_;
    const std::uint64_t size = bytes::le32(record, 10);
    node.data.type = (flags & 2U) != 0 ? FileType::directory : FileType::regular;
    node.data.mode = (flags & 2U) != 0 ? 0555 : 0444;
    node.data.size = size;
    node.data.modified = time_of(record.subspan(18, 7));
    node.more = (flags & 0x80U) != 0;
    if (size > 0)
        node.runs.push_back({0, at, size});
    const std::string raw(chars(record.subspan(33, name_length)));
    node.name = joliet_ ? plain_name(utf16be_to_utf8(raw)) : plain_name(raw);
    const std::size_t used = 33 + name_length + (name_length % 2 == 0 ? 1 : 0) + skip_;
    if (rock_ridge_ && used < record.size())
        read_system_use(record.subspan(used), node);
    return node;
}

void Iso9660::read_system_use(bytes::View area, Node& node) const
{
    std::vector<std::byte> continued;
    bool name_goes_on = false, link_goes_on = false;
    for (unsigned areas = 0; areas < 32; ++areas) { // a chain of continuations may be a loop
        std::uint64_t next_at = 0, next_size = 0;
        while (area.size() >= 4) {
            const std::size_t length = bytes::u8(area, 2);
            if (length < 4 || length > area.size())
                break;
            const auto field = area.first(length);
            const auto kind = chars(field.first(2));
            if (kind == "CE" && length >= 28) {
                next_at =
                    std::uint64_t{bytes::le32(field, 4)} * block_size_ + bytes::le32(field, 12);
                next_size = bytes::le32(field, 20);
            } else if (kind == "ST") {
                break;
            } else {
                take_entry(field, node, name_goes_on, link_goes_on);
            }
            area = area.subspan(length);
        }
        if (next_size == 0 || next_size > sector)
            return;
        continued.resize(static_cast<std::size_t>(next_size));
        volume_.read(next_at, continued);
        area = continued;
    }
}

void Iso9660::take_entry(bytes::View field, Node& node, bool& name_goes_on,
                         bool& link_goes_on) const
{
    const auto kind = chars(field.first(2));
    if (kind == "NM" && field.size() >= 5) {
        if (!name_goes_on)
            node.name.clear();
        if (node.name.size() < 4096)
            node.name += chars(field.subspan(5));
        name_goes_on = (bytes::u8(field, 4) & 1U) != 0;
    } else if (kind == "PX" && field.size() >= 36) {
        const std::uint32_t mode = bytes::le32(field, 4);
        node.data.type = type_of_mode(mode);
        node.data.mode = mode & 07777U;
        node.data.links = bytes::le32(field, 12);
        node.data.uid = bytes::le32(field, 20);
        node.data.gid = bytes::le32(field, 28);
        node.data.unix_owner = true;
    } else if (kind == "PN" && field.size() >= 20) {
        node.data.device_major = bytes::le32(field, 4);
        node.data.device_minor = bytes::le32(field, 12);
    } else if (kind == "SL" && field.size() >= 5) {
        std::string& link = node.data.link_target;
        for (std::size_t at = 5; at + 2 <= field.size() && link.size() < 65536;) {
            const unsigned flags = bytes::u8(field, at);
            const std::size_t length = bytes::u8(field, at + 1);
            if (length > field.size() - at - 2)
                break;
            if (!link_goes_on && !link.empty() && link.back() != '/')
                link += '/';
            link += (flags & 2U) != 0   ? "."
                    : (flags & 4U) != 0 ? ".."
                    : (flags & 8U) != 0 ? "/"
                                        : std::string(chars(field.subspan(at + 2, length)));
            link_goes_on = (flags & 1U) != 0;
            at += 2 + length;
        }
    } else if (kind == "TF" && field.size() >= 5) {
        const unsigned flags = bytes::u8(field, 4);
        const std::size_t at = 5 + ((flags & 1U) != 0 ? 7U : 0U); // creation comes first
        if ((flags & 0x82U) == 2U && at + 7 <= field.size())
            node.data.modified = time_of(field.subspan(at, 7));
    }
}

const Iso9660::Node& Iso9660::node_of(NodeId node) const
{
    const auto found = nodes_.find(node);
    if (found == nodes_.end())
        throw damaged("a record is not where it was");
    return found->second;
}

void Iso9660::list(NodeId directory, const Visit& visit)
{
    const Node folder = node_of(directory);
    if (folder.data.type != FileType::directory || folder.data.size > max_directory)
        throw damaged("a folder is none");
    std::optional<std::pair<Entry, Node>> open; // a file whose next piece may follow
    const auto give = [&] {
        if (!open)
            return true;
        auto [entry, node] = std::move(*open);
        open.reset();
        entry.name = node.name;
        entry.type = node.data.type;
        nodes_[entry.node] = std::move(node);
        const bool real = !entry.name.empty() && entry.name != "." && entry.name != ".." &&
                          entry.name.find('/') == std::string::npos &&
                          entry.name.find('\0') == std::string::npos;
        return !real || visit(entry);
    };
    std::vector<std::byte> block(sector);
    for (const FileRun& run : folder.runs)
        for (std::uint64_t part = 0; part < run.length; part += sector) {
            block.resize(static_cast<std::size_t>(std::min(sector, run.length - part)));
            volume_.read(run.volume + part, block);
            for (std::size_t at = 0; at + 34 <= block.size();) {
                const std::size_t length = bytes::u8(block, at);
                if (length == 0)
                    break; // records do not cross sectors
                if (length < 34 || length > block.size() - at)
                    throw damaged("a directory record is cut off");
                const auto record = bytes::View(block).subspan(at, length);
                const std::uint64_t place = run.volume + part + at;
                at += length;
                const unsigned first = bytes::u8(record, 33);
                if (bytes::u8(record, 32) == 1 && first <= 1)
                    continue; // "." and ".."
                Node node = parse(record);
                if (open && open->second.more && open->second.name == node.name) {
                    for (FileRun& piece : node.runs) {
                        piece.content = open->second.data.size;
                        open->second.runs.push_back(piece);
                    }
                    open->second.data.size += node.data.size;
                    open->second.more = node.more;
                    continue;
                }
                if (!give())
                    return;
                open.emplace(Entry{.node = place}, std::move(node));
            }
        }
    static_cast<void>(give());
}

/// Plain names are upper case; people write them as they like.
std::optional<Entry> Iso9660::find(NodeId directory, std::string_view name)
{
    std::optional<Entry> found;
    list(directory, [&](const Entry& entry) {
        const bool exact = entry.name == name;
        if (exact || (!found && !rock_ridge_ && same_name_folded(entry.name, name)))
            found = entry;
        return !exact;
    });
    return found;
}

Metadata Iso9660::stat(NodeId node)
{
    return node_of(node).data;
}

std::unique_ptr<block::BlockDevice> Iso9660::open(NodeId id, std::string_view stream)
{
    if (!stream.empty())
        throw Error(Errc::not_found, "ISO 9660 has no alternate data streams");
    const Node& node = node_of(id);
    for (const FileRun& run : node.runs)
        block::check_range(volume_.size(), run.volume, run.length);
    return std::make_unique<MappedFile>(volume_, node.runs, node.data.size);
}

std::vector<block::Extent> Iso9660::map(NodeId id)
{
    const Node& node = node_of(id);
    return volume_extents(node.runs, node.data.size);
}

} // namespace xenlab::fs
