// SPDX-License-Identifier: GPL-3.0-or-later
// A disk out of its source. An archive goes through the verifier, whose findings decide whether the
// output appears; other sources are copied.
#include "xva_disk.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/base/thread_pool.hpp>
#include <xenlab/block/disk_sink.hpp>
#include <xenlab/block/raw_image.hpp>
#include <xenlab/block/raw_writer.hpp>
#include <xenlab/block/vhd_writer.hpp>
#include <xenlab/block/write_behind.hpp>
#include <xenlab/cli/progress.hpp>
#include <xenlab/io/fd.hpp>
#include <xenlab/io/output_file.hpp>
#include <xenlab/tar/header.hpp>
#include <xenlab/xva/disks.hpp>
#include <xenlab/xva/member.hpp>
#include <xenlab/xva/verify.hpp>
#include <xenlab/xva/walker.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include <unistd.h>

namespace xva_disk {

using namespace xenlab;

namespace {

/// The file or stream of -o, and the writer of the wanted format on it.
class Output {
  public:
    Output(const Options& options, cli::Context& context) : vhd_(options.to == "vhd")
    {
        if (context.shared.output != "-")
            file_.emplace(context.shared.output);
        else
            stream_ = &context.out(cli::Context::Content::binary);
    }

    /// `size` may be unknown for a raw disk; `blocks` are those that a VHD in a stream will have.
    void open(std::optional<std::uint64_t> size, const std::vector<bool>& blocks)
    {
        size_ = size;
        if (!vhd_)
            open_raw();
        else if (!size)
            throw Error(Errc::precondition, "the size of the disk is not known beforehand",
                        "extract it as raw");
        else if (file_)
            sink_ = std::make_unique<block::VhdWriter>(*file_, *size, block::VhdIdentity::fresh());
        else
            sink_ = std::make_unique<block::VhdWriter>(*stream_, *size, block::VhdIdentity::fresh(),
                                                       blocks);
    }

    [[nodiscard]] bool needs_blocks() const { return vhd_ && !file_; }

    void hole_until(std::uint64_t offset)
    {
        if (offset > at_)
            sink_->skip(offset - at_);
        at_ = std::max(at_, offset);
    }
    void data(std::span<const std::byte> bytes)
    {
        sink_->write(bytes);
        at_ += bytes.size();
    }
    void finish()
    {
        if (size_)
            hole_until(*size_);
        sink_->finish();
    }
    block::DiskSink& sink() { return *sink_; }

  private:
    void open_raw()
    {
        auto writer = file_ ? std::make_unique<block::RawWriter>(*file_)
                            : block::RawWriter::on_descriptor(STDOUT_FILENO, *stream_);
        if (writer->sparse())
            sink_ = std::make_unique<block::WriteBehind>(std::move(writer));
        else
            sink_ = std::move(writer);
    }

    bool vhd_;
    std::optional<io::OutputFile> file_;
    io::ByteSink* stream_ = nullptr; ///< one of the two
    std::unique_ptr<block::DiskSink> sink_;
    std::optional<std::uint64_t> size_;
    std::uint64_t at_ = 0;
};

std::string shown(const std::string& source)
{
    return source == "-" ? std::string("standard input") : text::printable(source);
}

/// Everything is verified on the way; nothing comes of it if anything is wrong.
void through_verifier(std::unique_ptr<io::ByteSource> bytes, const Options& options,
                      cli::Context& context, Output& output)
{
    std::optional<std::size_t> wanted;
    std::uint64_t total = 0;
    cli::Progress progress(context, shown(options.sources.front()));
    xva::VerifyEvents events;
    events.metadata = [&](const xva::Metadata& metadata) {
        const auto disks = disksrc::disks_of(metadata);
        wanted = disksrc::choose_disk(disks, options.disk);
        total = metadata.total_virtual_size();
        const auto size = disks[*wanted].size;
        output.open(size, output.needs_blocks() ? block::vhd_all_blocks(size.value_or(0))
                                                : std::vector<bool>());
    };
    events.data = [&](std::size_t disk, std::uint64_t at, std::span<const std::byte> data) {
        if (disk != wanted)
            return;
        output.hole_until(at);
        output.data(data);
    };
    events.progress = [&](std::uint64_t position) { progress.update(position, total); };
    const auto report = xva::verify(
        std::move(bytes), {.hash_threads = std::min(4U, ThreadPool::available_cpus())}, events);
    progress.done();
    if (!report.ok())
        throw Error(
            Errc::bad_data,
            fmt::format("{}: {}", shown(options.sources.front()), report.problems.front().message),
            "--no-verify extracts what is there");
    if (!wanted)
        throw Error(Errc::not_found, "the archive describes no disks");
    output.finish();
}

void copy_device(block::BlockDevice& device, const Options& options, cli::Context& context,
                 Output& output)
{
    output.open(device.size(),
                output.needs_blocks() ? block::vhd_blocks_of(device) : std::vector<bool>());
    cli::Progress progress(context, shown(options.sources.front()));
    block::sparse_copy(device, output.sink(),
                       {.stop = context.stop, .progress = [&](std::uint64_t done) {
                            progress.update(done, device.size());
                        }});
    progress.done();
    output.sink().finish();
}

void copy_stream(block::ForwardDisks& stream, std::size_t disk, std::optional<std::uint64_t> size,
                 const Options& options, cli::Context& context, Output& output)
{
    output.open(size, output.needs_blocks() ? block::vhd_all_blocks(size.value_or(0))
                                            : std::vector<bool>());
    cli::Progress progress(context, shown(options.sources.front()));
    std::vector<std::byte> buffer(1U << 20U);
    for (std::uint64_t at = 0;;) {
        const auto n = stream.read(disk, at, buffer, block::ForwardDisks::no_limit);
        if (!n)
            throw Error(Errc::bad_data, "the disks are not in the order of the archive");
        if (*n == 0)
            break;
        output.data(std::span(buffer).first(*n));
        at += *n;
        progress.update(at, size);
    }
    progress.done();
    output.finish();
}

bool is_xva(io::PeekSource& bytes)
{
    const auto head = bytes.peek(tar::block_size);
    if (head.size() < tar::block_size)
        return false;
    const auto header = tar::parse_header(head);
    return header && xva::parse_member(header->name, header->type).kind != xva::MemberKind::foreign;
}

void from_source(const Options& options, cli::Context& context, Output& output)
{
    const std::string& name = options.sources.front();
    const auto source = disksrc::open_disks(name, open_options(options, context));
    const std::size_t disk = disksrc::choose_disk(source->disks(), options.disk);
    // Alone in its archive a disk is verified as it streams by, hashed in other threads; among
    // others it is better not to read those.
    const bool whole = source->format() == disksrc::SourceFormat::xva && !options.no_verify &&
                       (source->disks().size() == 1 || source->device(disk) == nullptr);
    if (whole)
        through_verifier(disksrc::open_bytes(name, open_options(options, context), true), options,
                         context, output);
    else if (auto* device = source->device(disk))
        copy_device(*device, options, context, output);
    else
        copy_stream(*source->stream(), disk, source->disks()[disk].size, options, context, output);
}

} // namespace

int extract(const Options& options, cli::Context& context)
{
    const std::string& name = options.sources.front();
    if (io::same_file(name, context.shared.output))
        throw Error(Errc::precondition,
                    fmt::format("{}: the target is the source", text::printable(name)));
    Output output(options, context);
    if (!disksrc::comes_once(name) || options.no_verify) {
        from_source(options, context, output);
        return 0;
    }
    auto bytes = std::make_unique<io::PeekSource>(
        disksrc::open_bytes(name, open_options(options, context), true));
    if (is_xva(*bytes)) {
        through_verifier(std::move(bytes), options, context, output);
        return 0;
    }
    const std::string foreign = xva::foreign_format(bytes->peek(4096));
    if (!foreign.empty())
        throw Error(Errc::bad_data,
                    fmt::format("{}: neither an XVA nor a disk image: {}", shown(name), foreign));
    const auto size = bytes->total();
    block::RawStream raw(std::move(bytes));
    copy_stream(raw, disksrc::choose_disk({{.size = size}}, options.disk), size, options, context,
                output);
    return 0;
}

} // namespace xva_disk
