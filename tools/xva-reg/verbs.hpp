// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <xenlab/cli/context.hpp>
#include <xenlab/guest/edit_options.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xva_reg {

struct Options {
    xenlab::guest::SourceOptions source;
    xenlab::guest::EditChoice edit;
    std::string verb;
    std::vector<std::string> words; ///< what follows the verb
    std::string hive;
    bool utf16 = false;
    std::optional<std::uint64_t> port, baud;
};

/// get, keys, export
int read_registry(const Options& options, xenlab::cli::Context& context);
/// set, delete, merge, service, bcd
int write_registry(const Options& options, xenlab::cli::Context& context);

} // namespace xva_reg
