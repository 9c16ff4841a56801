// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of files, and how they are printed.
#pragma once

#include <xenlab/cli/context.hpp>
#include <xenlab/cli/table.hpp>
#include <xenlab/guest/guest.hpp>
#include <xenlab/guest/source_options.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xva_ls {

struct Options {
    xenlab::guest::SourceOptions source;
    std::vector<std::string> paths;
    std::string at;
    bool volumes = false;
    bool long_rows = false;
    bool recursive = false;
    bool all = false;
    bool zero = false;
    bool directory = false;
};

/// Prints files one by one in the format asked for.
class Listing {
  public:
    Listing(const Options& options, xenlab::cli::Context& context, xenlab::guest::Guest& guest);

    /// `shown` is the path as it is printed.
    void add(const xenlab::guest::Place& place, const std::string& shown);
    void finish();
    [[nodiscard]] std::size_t damaged() const noexcept { return damaged_; }

  private:
    void add_row(const xenlab::guest::Place& place, const std::string& shown);
    std::optional<xenlab::fs::Metadata> stat(const xenlab::guest::Place& place);

    const Options& options_;
    xenlab::cli::Context& context_;
    xenlab::guest::Guest& guest_;
    bool json_;
    std::optional<xenlab::cli::Table> table_;
    nlohmann::ordered_json items_ = nlohmann::ordered_json::array();
    std::size_t damaged_ = 0;
};

/// "2026-11-25T21:37:13Z"; empty for nothing.
std::string rfc3339(const std::optional<xenlab::fs::Time>& time);

void print_volumes(xenlab::guest::Guest& guest, xenlab::cli::Context& context);

/// The files that own bytes of a disk. Returns how many folders could not be read.
std::size_t print_owners(const Options& options, xenlab::guest::Guest& guest,
                         xenlab::cli::Context& context);

} // namespace xva_ls
