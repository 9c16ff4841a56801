// SPDX-License-Identifier: GPL-3.0-or-later
// One archive of the command line, verified, with the partitions of its disks looked up.
#pragma once

#include <xenlab/cli/context.hpp>
#include <xenlab/xva/verify.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xva_verify {

class Reporter;

struct Options {
    std::vector<std::string> sources;
    bool keep_going = false;
    bool importable = false;
    std::uint64_t memory_limit = 128ULL << 20U;
    unsigned threads = 0; ///< 0: one a processor
};

struct Verdict {
    std::string file;
    xenlab::xva::Report report;
    std::vector<std::optional<unsigned>> partitions; ///< one a problem: the partition it hits
    bool asked_importable = false;

    [[nodiscard]] bool good() const
    {
        return report.ok() && (!asked_importable || report.importable());
    }
};

/// Throws xenlab::Error when the archive cannot be read at all.
Verdict verify_file(const std::string& source, const Options& options,
                    const xenlab::cli::Context& context, Reporter& reporter);

} // namespace xva_verify
