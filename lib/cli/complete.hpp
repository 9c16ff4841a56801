// SPDX-License-Identifier: GPL-3.0-or-later
// TAB: the shells' scripts (completion_scripts.cpp) ask "TOOL __complete WORD… CURRENT", and what
// could stand at the cursor is found here from the option model, the same for every shell.
#pragma once

#include "model.hpp"

#include <xenlab/cli/tool.hpp>

#include <span>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace xenlab::cli {

/// The answer to __complete. First line: "files" when paths may stand there, too, else "words".
/// Then a line a candidate: the word, a tab and its description. `words` ends with what is being
/// typed, which may be empty; `app` takes the options typed before it so that `complete` sees them.
std::string completions(CLI::App& app, const ToolInfo& info, const ToolModel& model,
                        std::span<const std::string> words, const Completer& complete);

/// Such an answer made of candidates alone.
std::string completion_answer(std::string_view prefix, const std::vector<Candidate>& candidates,
                              bool files);

} // namespace xenlab::cli
