// SPDX-License-Identifier: GPL-3.0-or-later
#include "copy.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/tar/writer.hpp>

#include <fmt/format.h>

namespace xva_cat {

using namespace xenlab;

namespace {

char tar_type(fs::FileType type)
{
    switch (type) {
    case fs::FileType::regular:
        return '0';
    case fs::FileType::directory:
        return '5';
    case fs::FileType::symlink:
        return '2';
    case fs::FileType::character_device:
        return '3';
    case fs::FileType::block_device:
        return '4';
    case fs::FileType::fifo:
        return '6';
    case fs::FileType::socket:
    case fs::FileType::other:
        break;
    }
    return 0;
}

} // namespace

int write_tar(const Options& options, guest::Guest& guest, cli::Context& context)
{
    io::ByteSink& out = context.out(cli::Context::Content::binary);
    tar::Writer writer(out);
    std::size_t left_out = 0, damaged = 0;
    const auto add = [&](const guest::Place& place, const std::string& name) {
        std::unique_ptr<block::BlockDevice> content;
        tar::NewEntry entry{.name = name};
        try {
            const fs::Metadata data = guest.stat(place);
            entry.type = tar_type(data.type);
            entry.mode = data.mode;
            entry.uid = data.uid;
            entry.gid = data.gid;
            entry.mtime = data.modified ? data.modified->seconds : 0;
            entry.link = data.link_target;
            entry.device_major = data.device_major;
            entry.device_minor = data.device_minor;
            if (entry.type == '0')
                content = guest.open(place);
        } catch (const Error& error) {
            context.warning(fmt::format("left out {}: {}", place.path, error.what()));
            ++(error.code() == Errc::precondition ? left_out : damaged);
            return;
        }
        if (entry.type == 0) {
            context.warning(fmt::format("left out {}: a socket", place.path));
            ++left_out;
            return;
        }
        entry.size = content ? content->size() : 0;
        writer.begin(entry);
        // Damage in the middle of an entry cannot be taken back: it ends the archive.
        if (content)
            copy_content(
                *content, context, [&](std::span<const std::byte> part) { writer.write(part); },
                [&](std::uint64_t zeros) { writer.skip(zeros); });
        writer.end();
    };
    damaged += visit_trees(options, guest, context, add);
    writer.finish();
    out.flush();
    return damaged > 0 ? exit_code(Errc::bad_data) : left_out > 0 ? exit_code(Errc::failed) : 0;
}

} // namespace xva_cat
