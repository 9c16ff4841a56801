// SPDX-License-Identifier: GPL-3.0-or-later
// Disks into an archive, described by an ova.xml of the user's or by one made here.
#include "xva_disk.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/cli/progress.hpp>
#include <xenlab/io/fd.hpp>
#include <xenlab/io/file_source.hpp>
#include <xenlab/xva/metadata.hpp>
#include <xenlab/xva/pack.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace xva_disk {

using namespace xenlab;

namespace {

struct Input {
    std::string file;
    std::unique_ptr<disksrc::DiskSource> source;
    block::BlockDevice* device = nullptr;
};

std::vector<Input> open_inputs(const std::vector<std::string>& files, const Options& options,
                               const cli::Context& context)
{
    std::vector<Input> inputs;
    for (const std::string& file : files) {
        if (io::same_file(file, context.shared.output))
            throw Error(Errc::precondition,
                        fmt::format("{}: the target is a source", text::printable(file)));
        if (disksrc::comes_once(file))
            throw Error(Errc::precondition,
                        fmt::format("{}: a disk to pack must be a file or device, since its size "
                                    "is written first",
                                    text::printable(file)));
        auto open = open_options(options, context);
        open.any_content = true;
        Input input{.file = file, .source = disksrc::open_disks(file, open)};
        if (input.source->stream() != nullptr || input.source->disks().size() != 1)
            throw Error(
                Errc::precondition,
                fmt::format("{}: not one disk that can be read at random", text::printable(file)));
        input.device = input.source->device(0);
        inputs.push_back(std::move(input));
    }
    return inputs;
}

std::string read_document(const std::string& file, const cli::Context& context)
{
    static constexpr std::size_t most = 64U << 20U;
    const auto source = io::open_source(file, context.stop);
    std::string text(most + 1, '\0');
    text.resize(io::read_full(*source, std::as_writable_bytes(std::span(text))));
    if (text.size() > most)
        throw Error(Errc::bad_data,
                    fmt::format("{}: no ova.xml: larger than 64 MiB", text::printable(file)));
    return text;
}

xva::Metadata metadata_of(const std::string& document)
{
    xva::MetadataReader reader;
    reader.feed(document);
    return reader.finish();
}

/// A document of the user's must fit the disks, and a host must take it.
void check_document(const xva::Metadata& metadata, const std::vector<Input>& inputs)
{
    if (metadata.disks.size() != inputs.size())
        throw Error(Errc::precondition,
                    fmt::format("it describes {} disk{}, and {} were given", metadata.disks.size(),
                                metadata.disks.size() == 1 ? "" : "s", inputs.size()));
    for (std::size_t i = 0; i < inputs.size(); ++i)
        if (metadata.disks[i].virtual_size != inputs[i].device->size())
            throw Error(Errc::precondition,
                        fmt::format("disk {} has {} bytes there, and {} has {}",
                                    text::printable(metadata.disks[i].ref),
                                    metadata.disks[i].virtual_size, text::printable(inputs[i].file),
                                    inputs[i].device->size()),
                        "disks are given in the string order of their references");
    if (!metadata.missing_fields.empty()) {
        const auto& field = metadata.missing_fields.front();
        throw Error(Errc::bad_data, fmt::format("a host would refuse it: {} {} {} the field {}",
                                                field.class_name, text::printable(field.id),
                                                field.wrong_type ? "has a wrong value in" : "lacks",
                                                text::printable(field.field)));
    }
}

std::string described(const Options& options, const std::vector<Input>& inputs)
{
    xva::NewVm vm{.name = options.name,
                  .memory = options.memory,
                  .vcpus = options.vcpus,
                  .uefi = options.firmware == "uefi"};
    for (const Input& input : inputs)
        vm.disks.push_back({.name = std::filesystem::path(input.file).stem().string(),
                            .size = input.device->size()});
    return xva::make_ova_xml(vm);
}

} // namespace

int pack(const Options& options, cli::Context& context)
{
    std::vector<std::string> files = options.sources;
    std::string document;
    if (options.name.empty()) {
        document = read_document(files.front(), context);
        files.erase(files.begin());
    }
    const auto inputs = open_inputs(files, options, context);
    if (!options.name.empty())
        document = described(options, inputs);
    xva::Metadata metadata;
    try {
        metadata = metadata_of(document);
        check_document(metadata, inputs);
    } catch (const Error& error) {
        throw error.within(options.name.empty() ? text::printable(options.sources.front())
                                                : "ova.xml");
    }
    std::vector<xva::PackDisk> disks;
    for (std::size_t i = 0; i < inputs.size(); ++i)
        disks.push_back({.ref = metadata.disks[i].ref, .device = inputs[i].device});
    cli::Progress progress(context, "packing");
    const std::uint64_t total = metadata.total_virtual_size();
    xva::pack(document, disks,
              options.checksum == "sha1" ? io::HashKind::sha1 : io::HashKind::xxh64,
              context.out(cli::Context::Content::binary),
              {.stop = context.stop,
               .progress = [&](std::uint64_t done) { progress.update(done, total); }});
    progress.done();
    return 0;
}

} // namespace xva_disk
