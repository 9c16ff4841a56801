// SPDX-License-Identifier: GPL-3.0-or-later
// From words on the command line to VMs.
//
//   name | uuid | unique uuid prefix (8 hex digits or more) | 'glob*' | CTX/any of these
//   - (a list on standard input)  @FILE (a list in a file): a word a line, `xvm ls` TSV rows work
//   -l 'power=running,tag=ci,name~lab-*,host!=h2'   --all
//
// Exactness: a word that is some VM's whole name is that VM, glob characters or not. Two VMs of one
// name are ambiguous (Error{ambiguous}, both uuids in the message); only globs, -l, --all and lists
// of uuids mean many. Control domains, templates and snapshots are never matched by VM targets.
#pragma once

#include <xenlab/lab/connect.hpp>

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xenlab::lab {

struct TargetOptions {
    std::vector<std::string> words;
    std::vector<std::string> filters; ///< -l, may be repeated: all must hold
    bool all = false;
};

enum class Many { one, some, any }; ///< exactly one word; one or more; none means all

/// Declares the positional VM, -l/--selector and (for `some`) --all. With Many::one only the word.
void declare_target_options(cli::OptionSet& set, TargetOptions& options, Many many);

/// A VM that was asked for.
struct VmTarget {
    Pool* pool = nullptr; ///< lives as long as the Pools
    xapi::Ref<xapi::Vm> ref;
    xapi::Vm record;   ///< as it was when resolved
    std::string asked; ///< the word that led here

    /// The name, with the context in front when several pools are in play.
    [[nodiscard]] std::string label() const;
    bool with_pool = false;
};

/// A word that leads nowhere: a row of its own in a batch, so that the others are still served.
struct Unresolved {
    std::string asked;
    Error error;
};

struct Resolved {
    std::vector<VmTarget> vms; ///< in the order asked for, each VM once
    std::vector<std::pair<std::size_t, Unresolved>> failed; ///< with the place in the order
};

/// Ambiguous words throw at once, before anything is done (Error{ambiguous}), and so does a glob
/// or filter that is malformed (Error{usage}) or a lone word that is not found (Error{not_found},
/// with a near miss as hint). Words among many that are not found become `failed`.
Resolved resolve(Pools& pools, const TargetOptions& options, Many many,
                 const std::stop_token& stop);

/// resolve() for callers without rows: throws the first failure.
std::vector<VmTarget> resolve_vms(Pools& pools, const TargetOptions& options);
/// One VM by one word.
VmTarget resolve_vm(Pools& pools, const std::string& word);

/// The words of "-" and "@FILE" put in place. An empty line and lines that begin with # do not
/// count; of a line with tabs the first uuid-shaped cell counts, else the first cell; lists of NUL
/// separated words are told by their NULs.
std::vector<std::string> expand_lists(const std::vector<std::string>& words,
                                      const std::stop_token& stop);

/// fnmatch(3)-like, on UTF-8: * ? [a-z] [!a-z]; a backslash makes the next character literal.
bool glob_match(std::string_view pattern, std::string_view text);
bool has_glob(std::string_view word) noexcept;
bool is_uuid(std::string_view word) noexcept;

} // namespace xenlab::lab
