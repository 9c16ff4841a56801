// SPDX-License-Identifier: GPL-3.0-or-later
#include "bytes_of.hpp"
#include "pool_commit.hpp"
#include "pool_source.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/block/disk_sink.hpp>
#include <xenlab/block/raw_writer.hpp>
#include <xenlab/block/vhd_edit.hpp>
#include <xenlab/block/vhd_writer.hpp>
#include <xenlab/disksrc/commit.hpp>
#include <xenlab/io/file_source.hpp>
#include <xenlab/io/output_file.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

namespace xenlab::disksrc {
namespace {

/// How the source is, with nothing of it kept open.
SourceFormat format_of(const std::string& name, const OpenOptions& options, bool* streams)
{
    if (name == "-")
        throw Error(Errc::precondition, "standard input can be read only once",
                    "save it to a file first");
    const auto source = open_disks(name, options);
    if (streams != nullptr)
        *streams = source->stream() != nullptr;
    return source->format();
}

bool is_block_device(const std::string& name)
{
    struct stat info {};
    return ::stat(name.c_str(), &info) == 0 && S_ISBLK(info.st_mode);
}

/// Where the undo log of a block device is: nothing in /dev survives a restart.
std::string device_log(const std::string& name)
{
    const char* state = std::getenv("XDG_STATE_HOME"); // NOLINT: before threads
    const char* home = std::getenv("HOME");            // NOLINT
    std::string folder = state != nullptr && *state != '\0'
                             ? std::string(state)
                             : std::string(home != nullptr ? home : "") + "/.local/state";
    folder += "/xenlab/undo";
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (failure)
        throw system_error(failure.value(), text::printable(folder));
    std::string flat = std::filesystem::weakly_canonical(name, failure).string();
    std::replace(flat.begin(), flat.end(), '/', '_');
    return fmt::format("{}/{}.undo", folder, flat);
}

block::UndoOptions undo_options(const std::string& name, block::UndoOptions options)
{
    if (options.log_path.empty() && is_block_device(name))
        options.log_path = device_log(name);
    return options;
}

void refuse_in_place(const std::string& what)
{
    throw Error(Errc::precondition, fmt::format("{} cannot be changed in place", what),
                "write a changed copy with -o");
}

SourceFormat check_writable(const std::string& name, const CommitOptions& options)
{
    if (name == "-" || is_url(name))
        refuse_in_place(name == "-" ? "standard input" : "a disk of a server");
    bool streams = false;
    const SourceFormat format = format_of(name, options.open, &streams);
    if (streams)
        refuse_in_place("compressed data, a pipe or a tar of one VDI");
    if (format == SourceFormat::qcow2)
        refuse_in_place("a qcow2 image");
    if (::access(name.c_str(), W_OK) != 0)
        throw system_error(errno, "for writing");
    const auto undo = undo_options(name, options.undo);
    if (block::UndoLog::state(name, undo) == block::UndoState::complete)
        throw Error(Errc::precondition, "an earlier edit was cut off",
                    fmt::format("roll it back first: xva-disk --undo {}", text::printable(name)));
    return format;
}

void copy_patch(block::InPlaceEdit& target, const xva::Patch& patch,
                std::span<const DiskEdit> edits)
{
    if (!patch.text.empty()) {
        target.write(patch.file_offset, std::as_bytes(std::span(patch.text)));
        return;
    }
    std::vector<std::byte> piece;
    for (std::uint64_t done = 0; done < patch.length; done += piece.size()) {
        piece.resize(
            static_cast<std::size_t>(std::min<std::uint64_t>(patch.length - done, 1U << 20U)));
        edits[patch.edit].overlay->read(patch.disk_offset + done, piece);
        target.write(patch.file_offset + done, piece);
    }
}

void commit_to_archive(const std::string& name, std::span<const DiskEdit> edits,
                       const block::UndoOptions& undo, const std::stop_token& stop)
{
    block::InPlaceEdit target(name, undo); // locked from here on
    io::FdSource file(io::open_file(name, 0), name, stop);
    const auto patches = xva::plan_patches(file, edits);
    std::vector<block::Extent> touched;
    for (const xva::Patch& patch : patches)
        touched.push_back({.offset = patch.file_offset, .length = patch.length});
    target.announce(touched);
    for (const xva::Patch& patch : patches)
        copy_patch(target, patch, edits);
    target.commit();
}

void commit_to_raw(const std::string& name, block::Overlay& overlay, const block::UndoOptions& undo)
{
    block::InPlaceEdit target(name, undo);
    target.announce(overlay.dirty());
    overlay.commit_to(target);
    target.commit();
}

block::Overlay& the_only(std::span<const DiskEdit> edits)
{
    if (edits.size() != 1)
        throw Error(Errc::failed, "a source with one disk takes the changes of one disk");
    return *edits.front().overlay;
}

void rewrite_archive(const std::string& name, std::span<const DiskEdit> edits, io::ByteSink& out,
                     const CommitOptions& options)
{
    auto bytes = open_bytes(name, options.open, true);
    const auto total = bytes->total();
    const auto progress = [&](std::uint64_t done) {
        if (options.open.stop.stop_requested())
            throw Error(Errc::interrupted, "interrupted");
        if (options.progress)
            options.progress(done, total.value_or(0));
    };
    xva::rewrite(std::move(bytes), edits, out, progress);
}

void copy_disk(block::Overlay& disk, block::DiskSink& sink, const CommitOptions& options)
{
    block::CopyOptions copy{.stop = options.open.stop};
    if (options.progress)
        copy.progress = [&](std::uint64_t done) { options.progress(done, disk.size()); };
    block::sparse_copy(disk, sink, copy);
    sink.finish();
}

} // namespace

void check_in_place(const std::string& name, const CommitOptions& options)
{
    named(name, [&] {
        if (is_pool_source(name))
            check_pool_disks(name, options);
        else
            check_writable(name, options);
    });
}

void commit_in_place(const std::string& name, std::span<const DiskEdit> edits,
                     const CommitOptions& options)
{
    named(name, [&] {
        if (is_pool_source(name)) {
            commit_to_pool(name, edits, options);
            return;
        }
        const SourceFormat format = check_writable(name, options);
        const auto undo = undo_options(name, options.undo);
        if (format == SourceFormat::xva)
            commit_to_archive(name, edits, undo, options.open.stop);
        else if (format == SourceFormat::vhd)
            block::commit_to_vhd(the_only(edits), name, undo);
        else
            commit_to_raw(name, the_only(edits), undo);
    });
}

void commit_to_stream(const std::string& name, std::span<const DiskEdit> edits, io::ByteSink& out,
                      const CommitOptions& options)
{
    named(name, [&] {
        const SourceFormat format = format_of(name, options.open, nullptr);
        if (format == SourceFormat::xva) {
            rewrite_archive(name, edits, out, options);
        } else if (format == SourceFormat::vhd) {
            block::Overlay& disk = the_only(edits);
            block::VhdWriter writer(out, disk.size(), block::VhdIdentity::fresh(),
                                    block::vhd_blocks_of(disk));
            copy_disk(disk, writer, options);
        } else {
            block::RawWriter writer(out);
            copy_disk(the_only(edits), writer, options);
        }
    });
}

void commit_to_file(const std::string& name, std::span<const DiskEdit> edits,
                    const std::string& path, const CommitOptions& options)
{
    if (io::same_file(name, path))
        throw Error(Errc::precondition,
                    fmt::format("{}: the target is the source", text::printable(path)),
                    "--in-place changes the source itself");
    const SourceFormat format = named(name, [&] { return format_of(name, options.open, nullptr); });
    if (format == SourceFormat::xva) {
        io::FileSink sink(path);
        named(name, [&] { rewrite_archive(name, edits, sink, options); });
        return;
    }
    io::OutputFile file(path);
    block::Overlay& disk = the_only(edits);
    if (format == SourceFormat::vhd && file.sparse()) {
        block::VhdWriter writer(file, disk.size(), block::VhdIdentity::fresh());
        copy_disk(disk, writer, options);
    } else {
        block::RawWriter writer(file);
        copy_disk(disk, writer, options);
    }
}

block::UndoResult undo(const std::string& path, const block::UndoOptions& options)
{
    if (is_pool_source(path))
        return named(path, [&] { return undo_in_pool(path); });
    return block::UndoLog::apply(path, undo_options(path, options));
}

} // namespace xenlab::disksrc
