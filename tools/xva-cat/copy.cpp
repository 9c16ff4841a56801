// SPDX-License-Identifier: GPL-3.0-or-later
#include "copy.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace xva_cat {

using namespace xenlab;

namespace {

constexpr std::size_t piece = std::size_t{1} << 20U;

void visit_folder(guest::Guest& guest, const guest::Place& place, const std::string& name,
                  const cli::Context& context, const Visit& visit,
                  std::set<std::pair<std::size_t, fs::NodeId>>& above, std::size_t& damaged)
{
    if (context.stop.stop_requested())
        throw Error(Errc::interrupted, "interrupted");
    visit(place, name);
    if (place.type != fs::FileType::directory)
        return;
    std::vector<guest::Place> children;
    try {
        if (!above.insert({place.volume, place.node}).second || above.size() > 1000)
            throw Error(Errc::bad_data, "the folder lies inside itself");
        children = guest.children(place);
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted)
            throw;
        context.warning(fmt::format("{}: {}", place.path, error.what()));
        ++damaged;
        return;
    }
    for (const guest::Place& child : children)
        if (!child.system)
            visit_folder(guest, child, name + child.path.substr(child.path.rfind('/')), context,
                         visit, above, damaged);
    above.erase({place.volume, place.node});
}

} // namespace

void copy_content(block::BlockDevice& content, const cli::Context& context,
                  const std::function<void(std::span<const std::byte>)>& write,
                  const std::function<void(std::uint64_t)>& skip)
{
    std::vector<std::byte> buffer;
    for (std::uint64_t window = 0; window < content.size();) {
        const std::uint64_t length = std::min<std::uint64_t>(64 * piece, content.size() - window);
        for (const block::Extent& extent : content.extents(window, length)) {
            if (extent.hole) {
                skip(extent.length);
                continue;
            }
            for (std::uint64_t done = 0; done < extent.length; done += buffer.size()) {
                if (context.stop.stop_requested())
                    throw Error(Errc::interrupted, "interrupted");
                buffer.resize(
                    static_cast<std::size_t>(std::min<std::uint64_t>(piece, extent.length - done)));
                content.read(extent.offset + done, buffer);
                write(buffer);
            }
        }
        window += length;
    }
}

int concatenate(const Options& options, guest::Guest& guest, cli::Context& context)
{
    // All must be there before the first byte is written.
    std::vector<guest::Place> places;
    for (const std::string& path : options.paths)
        for (guest::Place& place : guest.expand(path)) {
            if (place.type == fs::FileType::directory && place.stream.empty())
                throw Error(Errc::failed, fmt::format("{} is a folder", text::quoted(place.path)),
                            "--tar and -x DIR copy folders");
            if (place.type != fs::FileType::regular && place.type != fs::FileType::directory)
                throw Error(Errc::failed,
                            fmt::format("{} is no regular file", text::quoted(place.path)));
            places.push_back(std::move(place));
        }
    io::ByteSink& out = context.out(cli::Context::Content::text);
    const std::vector<std::byte> zeros(piece);
    for (const guest::Place& place : places) {
        try {
            const auto content = guest.open(place);
            copy_content(
                *content, context, [&](std::span<const std::byte> data) { out.write(data); },
                [&](std::uint64_t length) {
                    for (; length > 0; length -= std::min<std::uint64_t>(length, piece)) {
                        if (context.stop.stop_requested())
                            throw Error(Errc::interrupted, "interrupted");
                        out.write(std::span(zeros).first(
                            static_cast<std::size_t>(std::min<std::uint64_t>(length, piece))));
                    }
                });
        } catch (const BrokenPipe&) {
            throw;
        } catch (const Error& error) {
            throw error.code() == Errc::interrupted ? error
                                                    : error.within(text::printable(place.path));
        }
    }
    out.flush();
    return 0;
}

std::size_t visit_trees(const Options& options, guest::Guest& guest, const cli::Context& context,
                        const Visit& visit)
{
    std::size_t damaged = 0;
    for (const std::string& path : options.paths)
        for (const guest::Place& place : guest.expand(path, false)) {
            std::set<std::pair<std::size_t, fs::NodeId>> above;
            const std::string name = place.path.substr(place.path.rfind('/') + 1);
            if (!name.empty()) {
                visit_folder(guest, place, name, context, visit, above, damaged);
                continue;
            }
            for (const guest::Place& child : guest.children(place)) // a root has no name
                if (!child.system)
                    visit_folder(guest, child, child.path.substr(child.path.rfind('/') + 1),
                                 context, visit, above, damaged);
        }
    return damaged;
}

} // namespace xva_cat
