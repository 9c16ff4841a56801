// SPDX-License-Identifier: GPL-3.0-or-later
// The disks as exports of an NBD server.
#include "xva_disk.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/nbd/server.hpp>

#include <fmt/format.h>

namespace xva_disk {

using namespace xenlab;

int serve(const Options& options, cli::Context& context)
{
    const std::string& name = options.sources.front();
    if (disksrc::comes_once(name))
        throw Error(Errc::precondition, "an NBD server needs a source that can be read at random",
                    "save it to a file first");
    const auto source = disksrc::open_disks(name, open_options(options, context));
    if (source->stream() != nullptr)
        throw Error(
            Errc::precondition,
            fmt::format("{}: compressed data cannot be read at random", text::printable(name)),
            "decompress it to a file first");
    std::vector<nbd::Export> exports;
    for (const std::size_t i : disksrc::choose_disks(source->disks(), options.disk)) {
        const auto& disk = source->disks()[i];
        exports.push_back({.name = disk.ref,
                           .description = disk.name.substr(0, 256),
                           .open = nbd::take_turns(*source->device(i))});
    }
    if (exports.empty())
        throw Error(Errc::not_found, "the archive describes no disks");
    nbd::ServerOptions server{.socket = options.socket};
    server.ready = [&] {
        for (const nbd::Export& e : exports)
            context.note(fmt::format("serving nbd+unix:///{}?socket={}", e.name, options.socket));
    };
    const auto tell = [&](const Error& error) { context.warning(error.what()); };
    server.device_failed = tell;
    server.client_failed = tell;
    nbd::serve(exports, server, context.stop);
    return 0;
}

} // namespace xva_disk
