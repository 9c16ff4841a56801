// SPDX-License-Identifier: GPL-3.0-or-later
// What is to be changed, how it is done and how it is checked.
#pragma once

#include <xenlab/block/block_device.hpp>
#include <xenlab/cli/context.hpp>
#include <xenlab/guest/edit_options.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace xva_put {

struct Options {
    xenlab::guest::SourceOptions source;
    xenlab::guest::EditChoice edit;
    std::vector<std::string> items; ///< LOCAL GPATH LOCAL GPATH …
    std::vector<std::string> remove;
    std::vector<std::string> make;
    std::string mode;
    std::string backup;
};

/// A local file and where it goes.
struct Put {
    std::string local;
    std::string path; ///< in the guest; what is written once the folder is known
    xenlab::io::Fd kept;
    std::unique_ptr<xenlab::block::BlockDevice> content;
    std::optional<xenlab::fs::Time> modified;
};

/// Opens all local files before anything else is done.
std::vector<Put> open_items(const Options& options, const std::stop_token& stop);

void apply(const Options& options, std::vector<Put>& puts, xenlab::guest::Guest& guest,
           const xenlab::cli::Context& context);

/// Reads back from the closed and reopened filesystem. Throws Error{failed} for any difference.
void verify(const Options& options, std::vector<Put>& puts, xenlab::guest::Guest& guest);

} // namespace xva_put
