// SPDX-License-Identifier: GPL-3.0-or-later
// What the tools that change a guest's files have in common on their command lines.
#pragma once

#include <xenlab/guest/edit.hpp>
#include <xenlab/guest/source_options.hpp>

#include <string>

namespace xenlab::guest {

struct EditChoice {
    std::string output; ///< empty: not given
    bool in_place = false;
    bool recover = false;
};

/// -o, --in-place, --recover
void declare_edit_options(cli::OptionSet& options, EditChoice& choice);

/// Throws Error{usage} when neither was given.
void require_target(const EditChoice& choice);

EditOptions edit_options(const EditChoice& choice, const SourceOptions& source,
                         const cli::Context& context, cli::Progress& progress);

} // namespace xenlab::guest
