// SPDX-License-Identifier: GPL-3.0-or-later
// The answer of verbs that list things: rows for people and pipes, or one document.
#pragma once

#include <xenlab/cli/table.hpp>

#include <nlohmann/json_fwd.hpp>

#include <memory>

namespace xvm {

using namespace xenlab;

/// table, tsv, json, jsonl.
extern const std::vector<cli::Format> row_formats;
/// And ids.
extern const std::vector<cli::Format> list_formats;

class Listing {
  public:
    /// `shown` as in cli::Table.
    Listing(cli::Context& context, std::string_view schema,
            const std::vector<std::string_view>& columns, const std::vector<std::string>& shown,
            const std::vector<std::string_view>& right = {"size", "used"});
    ~Listing();
    Listing(const Listing&) = delete;
    Listing& operator=(const Listing&) = delete;

    void add(std::vector<std::string> cells, nlohmann::ordered_json item);
    void finish();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace xvm
