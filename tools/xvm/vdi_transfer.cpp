// SPDX-License-Identifier: GPL-3.0-or-later
// xvm vdi export, xvm vdi import: disks of a pool as images, and images as disks of a pool.
#include "export_files.hpp"
#include "pool_view.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/block/raw_writer.hpp>
#include <xenlab/cli/progress.hpp>
#include <xenlab/disksrc/spool.hpp>
#include <xenlab/transfer/vdi.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace xvm {
namespace {

struct ExportOptions {
    std::string vdi, output, format = "raw", base;
    std::chrono::milliseconds patience{std::chrono::minutes(5)};
    bool overwrite = false;
};

void declare_patience(cli::OptionSet& set, std::chrono::milliseconds& patience)
{
    set.add_duration("--patience", patience,
                     "Give up when neither data nor the server's task moves for so long (5m)");
}

void declare_export(cli::OptionSet& set, ExportOptions& o)
{
    set.add_option("VDI", o.vdi, "Name or uuid of the disk, or VM/DEVICE").required();
    set.add_option("-o,--output", o.output, "A file, or - for standard output")
        .type_name("FILE")
        .required();
    set.add_choice("--to", o.format, {"raw", "vhd"}, "The form of the image (default: raw)");
    set.add_option("--base", o.base, "Only what differs from this disk, a snapshot say (vhd)")
        .type_name("VDI");
    set.add_flag("--overwrite", o.overwrite, "Replace a file that exists");
    declare_patience(set, o.patience);
}

const xapi::Object<xapi::Vdi>& pick_vdi(PoolView& view, const std::string& word,
                                        const std::stop_token& stop)
{
    const auto found = pick_vdis(view, {word}, stop);
    if (found.size() != 1)
        throw Error(Errc::ambiguous, fmt::format("several disks match {}", text::quoted(word)),
                    "name one");
    return *found.front();
}

/// Zeros of a raw disk become holes of a file.
class SparseSink final : public io::ByteSink {
  public:
    explicit SparseSink(const std::string& path) : file_(path), writer_(file_) {}
    using ByteSink::write;
    void write(std::span<const std::byte> data) override { writer_.write(data); }
    void flush() override {}
    void finish() override { writer_.finish(); }

  private:
    io::OutputFile file_;
    block::RawWriter writer_;
};

int run_export(const Globals& globals, const ExportOptions& o, cli::Context& context)
{
    if (!o.base.empty() && o.format != "vhd")
        throw Error(Errc::usage, "--base needs --to vhd");
    lab::Pools pools = open_pools(globals, context);
    lab::Pool& pool = pools.single();
    return with_names(pool, [&] {
        PoolView view(pool);
        const auto& vdi = pick_vdi(view, o.vdi, context.stop);
        transfer::VdiExportOptions options{.format = o.format, .patience = o.patience};
        if (!o.base.empty())
            options.base = pick_vdi(view, o.base, context.stop).record.uuid;
        cli::Progress progress(context, vdi.record.name_label);
        options.progress = [&](std::uint64_t done, std::uint64_t total) {
            progress.update(done, total);
        };
        if (o.output == "-") {
            transfer::export_vdi(pool, vdi, context.out(cli::Context::Content::binary), options);
        } else {
            check_target(o.output, o.overwrite);
            std::unique_ptr<io::ByteSink> sink;
            if (o.format == "raw")
                sink = std::make_unique<SparseSink>(o.output);
            else
                sink = std::make_unique<io::FileSink>(o.output);
            transfer::export_vdi(pool, vdi, *sink, options);
            sink->finish();
        }
        progress.done();
        return 0;
    });
}

struct ImportOptions {
    std::string source, vdi, sr, name, disk;
    std::chrono::milliseconds patience{std::chrono::minutes(5)};
    bool yes = false;
};

void declare_import(cli::OptionSet& set, ImportOptions& o)
{
    set.add_option(
           "FILE", o.source,
           "An image: raw, VHD or qcow2 (through qemu-nbd), an archive, or any other DISKSRC")
        .required();
    set.add_option("--disk", o.disk, "Which disk of an archive").type_name("N");
    set.add_option("--sr", o.sr, "Where the new disk goes (default: the default SR of the pool)")
        .type_name("SR");
    set.add_option("--name", o.name, "What to call it (default: FILE)").type_name("NAME");
    declare_patience(set, o.patience);
}

xapi::Ref<xapi::Sr> choose_sr(PoolView& view, const std::string& word)
{
    if (!word.empty())
        return pick_one<xapi::Sr>(view, "SR", word).ref;
    const auto& pool = view.all<xapi::Pool>();
    if (pool.empty() || view.find(pool.front().record.default_SR) == nullptr)
        throw Error(Errc::precondition, "the pool has no default SR", "name one with --sr");
    return pool.front().record.default_SR;
}

int run_import(const Globals& globals, const ImportOptions& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    lab::Pool& pool = pools.single();
    return with_names(pool, [&] {
        PoolView view(pool);
        const auto sr = choose_sr(view, o.sr);
        const disksrc::OpenOptions open{
            .stop = context.stop,
            .damaged = [](const std::string& words) { throw Error(Errc::bad_data, words); },
            .warn = [&](const std::string& words) { context.warning(words); },
            .detail = [&](const std::string& words) { context.detail(words); }};
        const auto source =
            disksrc::spooled(disksrc::open_disks(o.source, open), {.stop = context.stop});
        const std::size_t disk = disksrc::choose_disk(*source, o.disk);
        block::BlockDevice& image = *source->device(disk);
        constexpr std::uint64_t sector = 512;
        const std::uint64_t size = (image.size() + sector - 1) / sector * sector;
        const std::string& own = source->disks()[disk].name;
        const std::string name = !o.name.empty() ? o.name : !own.empty() ? own : o.source;
        transfer::NewVdi vdi(pool, name, sr, size);
        cli::Progress progress(context, name);
        transfer::fill_vdi(
            pool, vdi.vdi(), image, o.patience,
            [&](std::uint64_t done, std::uint64_t total) { progress.update(done, total); },
            open.warn);
        vdi.keep();
        progress.done();
        if (context.shared.format == cli::Format::json)
            context.write_json({{"schema", "xvm.vdi.import/1"},
                                {"items", {{{"name", name}, {"uuid", vdi.vdi().record.uuid}}}}});
        else
            context.out().write(vdi.vdi().record.uuid + "\n");
        return 0;
    });
}

} // namespace

Verb vdi_export_verb()
{
    return cli::make_verb<Globals, ExportOptions>(
        {.name = "vdi export",
         .summary = "save a disk as a raw or VHD image",
         .schema = "xvm.vdi.export/1",
         .progress_option = true,
         .examples = {{"xvm vdi export web1/0 -o - --to vhd > web1.vhd",
                       "What is allocated of a disk"}},
         .completes = {"VDI", "CONTEXT", "HOST"}},
        declare_export, run_export);
}

Verb vdi_import_verb()
{
    return cli::make_verb<Globals, ImportOptions>(
        {.name = "vdi import",
         .summary = "make a disk from an image; prints its uuid",
         .schema = "xvm.vdi.import/1",
         .formats = {cli::Format::ids, cli::Format::json},
         .progress_option = true,
         .examples = {{"xvm vdi import disk.raw --name data", "Only what is no hole is sent"}},
         .completes = {"SR", "CONTEXT", "HOST"}},
        declare_import, run_import);
}

} // namespace xvm
