// SPDX-License-Identifier: GPL-3.0-or-later
// What a tool with verbs is made of, and how a command line is taken apart into a verb and its
// words.
#pragma once

#include "model.hpp"
#include "shared_options.hpp"

#include <xenlab/cli/verbs.hpp>

#include <memory>
#include <span>

namespace xenlab::cli {

using Declare = std::function<void(OptionSet&)>;

std::unique_ptr<CLI::App> new_app(std::string_view name);
void declare_on(CLI::App& app, const Declare& declare);

/// Borrows the verbs and declare_globals.
class VerbTool {
  public:
    VerbTool(const ToolInfo& info, const Declare& globals, const std::vector<AnyVerb>& verbs);

    /// With the formats that any verb offers.
    [[nodiscard]] const ToolInfo& info() const { return info_; }
    /// The options that all verbs share.
    [[nodiscard]] const ToolModel& global() const { return global_; }
    [[nodiscard]] const std::vector<AnyVerb>& verbs() const { return verbs_; }
    [[nodiscard]] const Declare& declare_globals() const { return declare_globals_; }
    /// The shared options and every verb with its own, for help and manual.
    [[nodiscard]] ToolModel whole_model() const;

  private:
    ToolInfo info_;
    const Declare& declare_globals_;
    const std::vector<AnyVerb>& verbs_;
    ToolModel global_;
};

struct Called {
    const AnyVerb* verb = nullptr;
    std::vector<std::string> typed; ///< the verb's words as far as they were found
    std::vector<std::string> rest;  ///< all other words, in order
    std::size_t in_front = 0;       ///< how many of them stood in front of the verb

    /// "snap" alone may still become "snap create".
    [[nodiscard]] bool decided(const VerbTool& tool) const;
};

Called take_apart(const VerbTool& tool, std::span<const std::string> words);

/// Whether that spelling is an option that is followed by a value.
bool takes_value(const ToolModel& model, std::string_view word);

/// The words that can stand where the verb so far ends: verbs, or those of a group.
std::vector<Candidate> next_words(const VerbTool& tool, const Called& called);

Error no_such_verb(const VerbTool& tool, const Called& called);

} // namespace xenlab::cli
