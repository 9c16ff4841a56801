// SPDX-License-Identifier: GPL-3.0-or-later
// The three ways to copy: one after the other, as a tar, into a folder.
#pragma once

#include <xenlab/cli/context.hpp>
#include <xenlab/guest/guest.hpp>
#include <xenlab/guest/source_options.hpp>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace xva_cat {

struct Options {
    xenlab::guest::SourceOptions source;
    std::vector<std::string> paths;
    std::string extract;
    bool tar = false;
};

int concatenate(const Options& options, xenlab::guest::Guest& guest, xenlab::cli::Context& context);
int write_tar(const Options& options, xenlab::guest::Guest& guest, xenlab::cli::Context& context);
int extract(const Options& options, xenlab::guest::Guest& guest, xenlab::cli::Context& context);

/// Content in order; `write` gets data, `skip` the length of a hole.
void copy_content(xenlab::block::BlockDevice& content, const xenlab::cli::Context& context,
                  const std::function<void(std::span<const std::byte>)>& write,
                  const std::function<void(std::uint64_t)>& skip);

/// Visits what is to be copied, folders before what is in them. `name` is relative: the last part
/// of the path asked for, and what lies below.
using Visit = std::function<void(const xenlab::guest::Place& place, const std::string& name)>;
/// Returns how many folders could not be read.
std::size_t visit_trees(const Options& options, xenlab::guest::Guest& guest,
                        const xenlab::cli::Context& context, const Visit& visit);

} // namespace xva_cat
