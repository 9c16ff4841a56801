// SPDX-License-Identifier: GPL-3.0-or-later
#include "ntfs.hpp"

#include "ntfs_library.hpp"
#include "ntfs_reparse.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/base/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <exception>

namespace xenlab::fs {
namespace {

std::string utf8_of(const ntfschar* name, int length)
{
    return text::utf16le_to_utf8({reinterpret_cast<const char*>(name), // NOLINT: char may alias
                                  static_cast<std::size_t>(length) * 2});
}

std::vector<std::byte> reparse_of(ntfs_inode* inode)
{
    if ((inode->flags & FILE_ATTR_REPARSE_POINT) == 0)
        return {};
    const int size = ntfs_get_ntfs_reparse_data(inode, nullptr, 0);
    if (size <= 0 || size > 65536)
        return {};
    std::vector<std::byte> data(static_cast<std::size_t>(size));
    const int got = ntfs_get_ntfs_reparse_data(inode, reinterpret_cast<char*>(data.data()),
                                               data.size()); // NOLINT: char may alias
    data.resize(static_cast<std::size_t>(std::clamp(got, 0, size)));
    return data;
}

/// Symlinks of Interix and of ntfs-3g by default: a system file that begins with a magic word.
std::optional<std::string> interix_link(const NtfsLibrary& library, ntfs_inode* inode)
{
    constexpr std::string_view magic("IntxLNK\1", 8);
    if ((inode->flags & FILE_ATTR_SYSTEM) == 0 || inode->data_size <= 8 || inode->data_size > 8200)
        return std::nullopt;
    const AttributePtr data = library.open_data(inode, {});
    std::string text(static_cast<std::size_t>(inode->data_size), '\0');
    const auto size = static_cast<s64>(text.size());
    if (!data || ntfs_attr_pread(data.get(), 0, size, text.data()) != size) {
        library.forget();
        return std::nullopt;
    }
    if (!text.starts_with(magic))
        return std::nullopt;
    return text::utf16le_to_utf8(std::string_view(text).substr(magic.size()));
}

bool is_directory(const ntfs_inode* inode)
{
    return (inode->mrec->flags & MFT_RECORD_IS_DIRECTORY) != 0;
}

/// A stream of a file. The attribute must be closed before its inode.
class NtfsFile final : public block::BlockDevice {
  public:
    NtfsFile(const NtfsLibrary& library, InodePtr inode, AttributePtr data)
        : library_(library), inode_(std::move(inode)), data_(std::move(data)),
          size_(static_cast<std::uint64_t>(data_->data_size))
    {
    }
    [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override
    {
        block::check_range(size_, offset, buffer.size());
        while (!buffer.empty()) {
            errno = EIO;
            const s64 n = ntfs_attr_pread(data_.get(), static_cast<s64>(offset),
                                          static_cast<s64>(buffer.size()), buffer.data());
            if (n <= 0)
                library_.fail("cannot read a file of the NTFS volume");
            offset += static_cast<std::uint64_t>(n);
            buffer = buffer.subspan(static_cast<std::size_t>(n));
        }
    }
    std::vector<block::Extent> extents(std::uint64_t offset, std::uint64_t length) override;

  private:
    const NtfsLibrary& library_;
    InodePtr inode_;
    AttributePtr data_;
    std::uint64_t size_;
};

/// Whole clusters without a place on the volume are holes, but in compressed files, where the runs
/// do not say what is zero.
std::vector<block::Extent> NtfsFile::extents(std::uint64_t offset, std::uint64_t length)
{
    if (NAttrNonResident(data_.get()) == 0 || NAttrCompressed(data_.get()) != 0 ||
        ntfs_attr_map_whole_runlist(data_.get()) != 0)
        return BlockDevice::extents(offset, length);
    block::check_range(size_, offset, length);
    const std::uint64_t cluster = library_.volume()->cluster_size, stop = offset + length;
    std::vector<block::Extent> all;
    for (const runlist_element* run = data_->rl; run != nullptr && run->length > 0; ++run) {
        const std::uint64_t begin = static_cast<std::uint64_t>(run->vcn) * cluster;
        const std::uint64_t from = std::max(begin, offset);
        const std::uint64_t to =
            std::min(begin + static_cast<std::uint64_t>(run->length) * cluster, stop);
        if (from >= to)
            continue;
        const bool hole = run->lcn < 0;
        if (!all.empty() && all.back().hole == hole)
            all.back().length += to - from;
        else
            all.push_back({from, to - from, hole});
    }
    std::uint64_t covered = 0;
    for (const block::Extent& extent : all)
        covered += extent.length;
    return covered == length ? all : BlockDevice::extents(offset, length);
}

} // namespace

Ntfs::Ntfs(block::BlockDevice& volume, const OpenOptions& options)
    : writing_(options.access != Access::read)
{
    using Mode = NtfsLibrary::Mode;
    const auto note = [&](const char* words) {
        if (options.note)
            options.note(words);
    };
    library_ = std::make_unique<NtfsLibrary>(volume, options.access == Access::write ? Mode::write
                                                                                     : Mode::read);
    if (options.access == Access::write && is_marked_dirty(*library_))
        throw Error(Errc::precondition,
                    "the NTFS volume is marked dirty: Windows wants to check it",
                    "let Windows run chkdsk, or use --recover (Windows will still check it)");
    if (options.access == Access::read) {
        if (is_hibernated(*library_))
            note("Windows is hibernated or was shut down with fast startup: recent changes may be "
                 "missing");
        else if (!log_is_clean(*library_))
            note("the NTFS log is dirty: Windows was not shut down cleanly, and recent changes may "
                 "be missing");
    }
    if (options.access == Access::recover) {
        const bool dirty = !log_is_clean(*library_);
        library_.reset(); // one handle at a time
        library_ = std::make_unique<NtfsLibrary>(volume, Mode::recover);
        if (dirty)
            note("the NTFS log was reset: what Windows had not finished is lost");
    }
}

Ntfs::~Ntfs() = default;

NodeId Ntfs::root() const
{
    return FILE_root;
}

void Ntfs::list(NodeId directory, const Visit& visit)
{
    struct State {
        const Visit& visit;
        std::exception_ptr failure;
        bool stopped = false;
    } state{visit, {}, false};
    const auto fill = [](void* opaque, const ntfschar* name, const int length, const int kind,
                         const s64 /*position*/, const MFT_REF reference,
                         const unsigned type) -> int {
        auto& s = *static_cast<State*>(opaque);
        if (kind == FILE_NAME_DOS)
            return 0;
        try {
            Entry entry{.name = utf8_of(name, length), .node = reference};
            if (entry.name == "." || entry.name == ".." || entry.name.empty() ||
                entry.name.find('/') != std::string::npos ||
                entry.name.find('\0') != std::string::npos)
                return 0;
            entry.type = type == NTFS_DT_DIR   ? FileType::directory
                         : type == NTFS_DT_LNK ? FileType::symlink
                         : type == NTFS_DT_REG ? FileType::regular
                                               : FileType::other;
            entry.system = MREF(reference) < FILE_first_user && MREF(reference) != FILE_root;
            if (s.visit(entry))
                return 0;
        } catch (...) {
            s.failure = std::current_exception();
        }
        s.stopped = true;
        return -1;
    };
    const InodePtr inode = library_->open_inode(directory);
    s64 position = 0;
    const int result = ntfs_readdir(inode.get(), &position, &state, fill);
    if (state.failure)
        std::rethrow_exception(state.failure);
    if (result != 0 && !state.stopped)
        library_->fail("cannot read a directory of the NTFS volume");
}

std::optional<Entry> Ntfs::find(NodeId directory, std::string_view name)
{
    const std::u16string wide = to_utf16(name);
    if (wide.empty() || wide.size() > 255)
        return std::nullopt;
    const InodePtr inode = library_->open_inode(directory);
    if (!is_directory(inode.get()))
        return std::nullopt;
    const auto look_up = [&] {
        return ntfs_inode_lookup_by_name(
            inode.get(), reinterpret_cast<const ntfschar*>(wide.data()), // NOLINT: same units
            static_cast<int>(wide.size()));
    };
    u64 reference = look_up();
    if (reference == static_cast<u64>(-1) && errno == ENOENT) {
        library_->match_case(false);
        reference = look_up();
        const int code = errno;
        library_->match_case(true);
        errno = code;
    }
    if (reference == static_cast<u64>(-1)) {
        if (errno == ENOENT)
            return std::nullopt;
        library_->fail("cannot read a directory of the NTFS volume");
    }
    Entry entry{.name = std::string(name), .node = reference};
    entry.type = stat(reference).type;
    entry.system = MREF(reference) < FILE_first_user && MREF(reference) != FILE_root;
    return entry;
}

Metadata Ntfs::stat(NodeId node)
{
    const InodePtr inode = library_->open_inode(node);
    Metadata data;
    const bool directory = is_directory(inode.get());
    data.type = directory ? FileType::directory : FileType::regular;
    data.size = directory ? 0 : static_cast<std::uint64_t>(std::max<s64>(inode->data_size, 0));
    const timespec time = ntfs2timespec(inode->last_data_change_time);
    data.modified = Time{time.tv_sec, static_cast<std::uint32_t>(time.tv_nsec)};
    const bool locked = (inode->flags & FILE_ATTR_READONLY) != 0;
    data.mode = directory ? 0755U : locked ? 0444U : 0644U;
    data.links = le16_to_cpu(inode->mrec->link_count);
    auto link = link_of_reparse(reparse_of(inode.get()));
    if (!link && !directory)
        link = interix_link(*library_, inode.get());
    if (link) {
        data.type = FileType::symlink;
        data.link_target = *link;
        data.size = link->size();
    }
    ntfs_attr_search_ctx* context = ntfs_attr_get_search_ctx(inode.get(), nullptr);
    if (context == nullptr)
        library_->fail("NTFS attributes");
    while (ntfs_attr_lookup(AT_DATA, nullptr, 0, CASE_SENSITIVE, 0, nullptr, 0, context) == 0) {
        const ATTR_RECORD* attribute = context->attr;
        const bool first_part = attribute->non_resident == 0 || attribute->lowest_vcn == 0;
        if (attribute->name_length > 0 && first_part && data.streams.size() < 4096)
            data.streams.push_back(utf8_of(reinterpret_cast<const ntfschar*>(
                                               reinterpret_cast<const char*>(attribute) + // NOLINT
                                               le16_to_cpu(attribute->name_offset)),
                                           attribute->name_length));
    }
    ntfs_attr_put_search_ctx(context);
    return data;
}

std::unique_ptr<block::BlockDevice> Ntfs::open(NodeId node, std::string_view stream)
{
    InodePtr inode = library_->open_inode(node);
    AttributePtr data = library_->open_data(inode.get(), to_utf16(stream));
    if (!data && errno == ENOENT)
        throw Error(Errc::not_found, stream.empty() ? "the file has no content"
                                                    : fmt::format("the file has no stream {}",
                                                                  text::quoted(stream)));
    if (!data)
        library_->fail("cannot open a file of the NTFS volume");
    if (NAttrEncrypted(data.get()) != 0)
        throw Error(Errc::precondition, "the file is encrypted by Windows (EFS)",
                    "read it in the guest, as its owner");
    const std::uint32_t tag = stream.empty() ? tag_of_reparse(reparse_of(inode.get())) : 0;
    if (tag == reparse_tag::dedup)
        throw Error(Errc::precondition, "the content of the file is deduplicated by Windows Server",
                    "read it in the guest");
    if (tag == reparse_tag::wof)
        throw Error(Errc::precondition, "the file is compressed by Windows (CompactOS)",
                    "uncompact it in the guest: compact /u /exe FILE");
    return std::make_unique<NtfsFile>(*library_, std::move(inode), std::move(data));
}

std::vector<block::Extent> Ntfs::map(NodeId node)
{
    const InodePtr inode = library_->open_inode(node);
    const bool directory = is_directory(inode.get());
    AttributePtr data =
        directory
            ? AttributePtr(ntfs_attr_open(inode.get(), AT_INDEX_ALLOCATION, NTFS_INDEX_I30, 4))
            : library_->open_data(inode.get(), {});
    std::vector<block::Extent> all;
    if (!data || NAttrNonResident(data.get()) == 0)
        return all;
    if (ntfs_attr_map_whole_runlist(data.get()) != 0)
        library_->fail("cannot read the runs of a file of the NTFS volume");
    const std::uint64_t cluster = library_->volume()->cluster_size;
    for (const runlist_element* run = data->rl; run != nullptr && run->length > 0; ++run)
        if (run->lcn >= 0)
            all.push_back({static_cast<std::uint64_t>(run->lcn) * cluster,
                           static_cast<std::uint64_t>(run->length) * cluster, false});
    return all;
}

} // namespace xenlab::fs
