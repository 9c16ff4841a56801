// SPDX-License-Identifier: GPL-3.0-or-later
// Verdicts for people, for pipes and for programs.
#pragma once

#include "verify_file.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/cli/context.hpp>
#include <xenlab/cli/table.hpp>

#include <nlohmann/json.hpp>

#include <optional>

namespace xva_verify {

class Reporter {
  public:
    Reporter(xenlab::cli::Context& context, bool importable);

    /// Prints the verdict if it was not printed by early() already.
    void file(const Verdict& verdict);
    /// The same before the rest of a stream is drained: a verdict should not wait for that.
    void early(const Verdict& verdict);
    /// An archive that could not be read at all.
    void failed(const std::string& file, const xenlab::Error& error);
    void finish();

  private:
    void print(const Verdict& verdict);
    void print_text(const Verdict& verdict);
    void print_rows(const Verdict& verdict);
    [[nodiscard]] nlohmann::ordered_json document(const Verdict& verdict) const;
    [[nodiscard]] std::string what_is_good(const Verdict& verdict) const;

    xenlab::cli::Context& context_;
    bool importable_;
    std::optional<xenlab::cli::Table> rows_; ///< tsv
    nlohmann::ordered_json items_ = nlohmann::ordered_json::array();
    bool printed_ = false;
};

} // namespace xva_verify
