// SPDX-License-Identifier: GPL-3.0-or-later
#include "vhd_file.hpp"
#include "vhd_parent.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/block/raw_image.hpp>
#include <xenlab/block/vhd_image.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

namespace xenlab::block {

/// The files of an image, child first, being opened and then kept.
class VhdImage::Chain {
  public:
    Chain(VhdParent image, const std::string& path, const VhdOptions& options) : options_(options)
    {
        if (!options_.open_parent)
            options_.open_parent = open_parent_file;
        const VhdFile* last = append(open(std::move(image.file), path), image.identity, path);
        footer_ = last->footer();
        while (last->footer().type == vhd::Type::differencing) {
            if (layers_.size() >= options_.max_depth)
                throw Error(Errc::bad_data,
                            fmt::format("a chain of more than {} VHDs", options_.max_depth))
                    .within(text::printable(path));
            last = add_parent_of(*last);
            if (last == nullptr)
                break; // a raw disk
        }
    }

    std::vector<std::unique_ptr<Layer>>& layers() { return layers_; }
    const std::vector<std::string>& paths() const { return paths_; }
    const vhd::Footer& footer() const { return footer_; }

  private:
    // What a look at the candidates came to, for the message when none is right.
    struct Search {
        std::vector<std::string> tried;
        std::optional<Error> failure;
    };

    void warn(const std::string& path, const std::string& message) const
    {
        if (options_.warn)
            options_.warn(fmt::format("{}: {}", text::printable(path), message));
    }

    std::unique_ptr<VhdFile> open(std::unique_ptr<BlockDevice> file, const std::string& path) const
    {
        try {
            return std::make_unique<VhdFile>(
                std::move(file), [&](const std::string& message) { warn(path, message); });
        } catch (const Error& error) {
            throw error.within(text::printable(path));
        }
    }

    const VhdFile* append(std::unique_ptr<VhdFile> file, const std::string& identity,
                          const std::string& path)
    {
        const VhdFile* const raw = file.get();
        layers_.push_back(std::move(file));
        identities_.push_back(identity);
        paths_.push_back(path);
        return raw;
    }

    /// The parent that was added; null for a raw disk, which ends the chain.
    const VhdFile* add_parent_of(const VhdFile& child)
    {
        const std::string child_path = paths_.back();
        const bool raw = child.header().parent_uuid == vhd::Uuid{};
        Search search;
        for (const std::string& path :
             parent_paths(child.header(), layers_.back()->file(), child_path)) {
            if (raw && folder_of(path) != folder_of(child_path))
                continue;
            search.tried.push_back(path);
            if (auto parent = open_candidate(path, search)) {
                if (raw) {
                    refuse_loop(parent->identity, path);
                    layers_.push_back(std::make_unique<RawLayer>(std::move(parent->file)));
                    paths_.push_back(path);
                    return nullptr;
                }
                if (const VhdFile* added = add_if_right(child, std::move(*parent), path, search))
                    return added;
            }
        }
        const std::string where = text::printable(child_path);
        if (search.failure)
            throw search.failure->within(where);
        throw Error(
            Errc::not_found,
            fmt::format("the parent {} is not there", text::quoted(child.header().parent_name)),
            search.tried.empty()
                ? std::string("the image stores no usable path to it")
                : fmt::format("looked for {}",
                              text::printable(fmt::format("{}", fmt::join(search.tried, ", ")))))
            .within(where);
    }

    std::optional<VhdParent> open_candidate(const std::string& path, Search& search) const
    {
        try {
            return options_.open_parent(path);
        } catch (const Error& error) { // no permission, for example: another path may do
            if (!search.failure)
                search.failure = error;
            return std::nullopt;
        }
    }

    const VhdFile* add_if_right(const VhdFile& child, VhdParent parent, const std::string& path,
                                Search& search)
    {
        refuse_loop(parent.identity, path);
        try {
            auto file = open(std::move(parent.file), path);
            const vhd::Footer& footer = file->footer();
            if (footer.uuid != child.header().parent_uuid)
                throw Error(Errc::bad_data,
                            fmt::format("{}: not the parent: its id is {}, not {}",
                                        text::printable(path), vhd::to_string(footer.uuid),
                                        vhd::to_string(child.header().parent_uuid)));
            const std::uint32_t stamp = child.header().parent_timestamp;
            if (parent.modified && stamp != *parent.modified && stamp != footer.timestamp)
                warn(
                    paths_.back(),
                    fmt::format("the parent {} has changed since the image was made, or was copied",
                                text::printable(path)));
            return append(std::move(file), parent.identity, path);
        } catch (const Error& error) {
            if (!search.failure)
                search.failure = error;
            return nullptr;
        }
    }

    void refuse_loop(const std::string& identity, const std::string& path) const
    {
        if (std::find(identities_.begin(), identities_.end(), identity) != identities_.end())
            throw Error(Errc::bad_data, fmt::format("{}: is its own parent, in a loop of {} files",
                                                    text::printable(path), identities_.size()));
    }

    VhdOptions options_;
    vhd::Footer footer_;
    std::vector<std::unique_ptr<Layer>> layers_;
    std::vector<std::string> identities_;
    std::vector<std::string> paths_;
};

namespace {

VhdParent open_image(const std::string& path)
{
    auto opened = open_parent_file(path);
    if (!opened) // says why not
        opened = VhdParent{.file = std::make_unique<RawImage>(path), .identity = path};
    return std::move(*opened);
}

// Parents are relative to where the file is, not to where a link to it is.
std::string real_path(const std::string& path)
{
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                           &std::free);
    return real ? std::string(real.get()) : path;
}

} // namespace

/// A run of bytes, and where they are: nowhere, if `file` is null.
struct VhdImage::Found {
    std::uint64_t length = 0;
    BlockDevice* file = nullptr;
    std::uint64_t at = 0;
    bool flat = false; ///< the file may know holes of its own
};

VhdImage::VhdImage(const std::string& path, const VhdOptions& options)
    : chain_(std::make_unique<Chain>(open_image(path), real_path(path), options))
{
}

VhdImage::VhdImage(std::unique_ptr<BlockDevice> file, const std::string& path,
                   const VhdOptions& options)
    : chain_(std::make_unique<Chain>(VhdParent{.file = std::move(file), .identity = path}, path,
                                     options))
{
}

VhdImage::~VhdImage() = default;

std::uint64_t VhdImage::size() const noexcept
{
    return chain_->footer().current_size;
}

const vhd::Footer& VhdImage::footer() const noexcept
{
    return chain_->footer();
}

const std::vector<std::string>& VhdImage::chain() const noexcept
{
    return chain_->paths();
}

VhdImage::Found VhdImage::find(std::uint64_t offset, std::uint64_t length)
{
    for (const auto& layer : chain_->layers()) {
        if (offset >= layer->size())
            break; // a child may be larger than its parent
        const auto run = layer->locate(offset, std::min(length, layer->size() - offset));
        length = run.length;
        if (run.at)
            return {.length = length, .file = &layer->file(), .at = *run.at, .flat = layer->flat()};
    }
    return {.length = length};
}

void VhdImage::read(std::uint64_t offset, std::span<std::byte> buffer)
{
    check_range(size(), offset, buffer.size());
    while (!buffer.empty()) {
        const Found found = find(offset, buffer.size());
        const auto part = buffer.first(static_cast<std::size_t>(found.length));
        if (found.file != nullptr)
            found.file->read(found.at, part);
        else
            std::fill(part.begin(), part.end(), std::byte{0});
        buffer = buffer.subspan(part.size());
        offset += part.size();
    }
}

std::vector<Extent> VhdImage::extents(std::uint64_t offset, std::uint64_t length)
{
    check_range(size(), offset, length);
    std::vector<Extent> all;
    const auto add = [&](std::uint64_t size, bool hole) {
        if (!all.empty() && all.back().hole == hole)
            all.back().length += size;
        else
            all.push_back({.offset = offset, .length = size, .hole = hole});
        offset += size;
        length -= size;
    };
    while (length > 0) {
        const Found found = find(offset, length);
        if (found.flat)
            for (const Extent& part : found.file->extents(found.at, found.length))
                add(part.length, part.hole);
        else
            add(found.length, found.file == nullptr);
    }
    return all;
}

} // namespace xenlab::block
