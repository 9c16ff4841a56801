// SPDX-License-Identifier: GPL-3.0-or-later
// The bytes behind a name, and the name in front of what goes wrong with them.
#pragma once

#include <xenlab/base/text.hpp>
#include <xenlab/disksrc/disk_source.hpp>
#include <xenlab/io/decompress.hpp>

#include <fmt/format.h>

#include <memory>
#include <string>

namespace xenlab::disksrc {

bool is_url(const std::string& name);

struct Opened {
    std::unique_ptr<io::PeekSource> bytes; ///< not decompressed
    io::Compression compression = io::Compression::none;
};

Opened open_peek(const std::string& name, const OpenOptions& options);

/// Adds the name to what goes wrong, keeping the kind of damage.
template <typename Function>
auto named(const std::string& name, Function function) -> decltype(function())
{
    const std::string shown = name == "-"    ? std::string("standard input")
                              : is_url(name) ? std::string()
                                             : text::printable(name);
    try {
        return function();
    } catch (const io::StreamError& error) {
        throw io::StreamError(error.damage(), shown.empty()
                                                  ? error.what()
                                                  : fmt::format("{}: {}", shown, error.what()));
    } catch (const Error& error) {
        // A VHD names itself, by its whole path.
        if (error.code() == Errc::interrupted || shown.empty() ||
            std::string_view(error.what()).find(shown + ": ") != std::string_view::npos)
            throw;
        throw error.within(shown);
    }
}

} // namespace xenlab::disksrc
