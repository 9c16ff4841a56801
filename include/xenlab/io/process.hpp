// SPDX-License-Identifier: GPL-3.0-or-later
// Starting another program, with posix_spawn(3).
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace xenlab::io {

struct ProcessOptions {
    static constexpr int ours = -1;    ///< the stream that we have ourselves
    static constexpr int nothing = -2; ///< /dev/null
    /// Its standard streams; a descriptor is copied and stays the caller's.
    int in = ours, out = ours, err = ours;
    enum class Group {
        ours,    ///< the terminal's Ctrl-C is for it, too
        own,     ///< Ctrl-C is for us alone; kill(-PID) reaches all that came from it
        session, ///< it has no terminal and outlives us
    } group = Group::ours;
};

/// Starts `program`, looked for in $PATH unless it has a slash; `words` are all its arguments, the
/// name in front. Signals that we block, and SIGPIPE, it gets as usual. Throws Error "PROGRAM: No
/// such file or directory". Somebody has to wait for it, or nobody ever needs to know how it ended.
pid_t start_process(const std::string& program, std::vector<std::string> words,
                    const ProcessOptions& options);

/// The same for /bin/sh -c TEXT.
pid_t start_shell(const std::string& text, const ProcessOptions& options);

/// Waits for its end; the status is waitpid(2)'s.
int wait_for_process(pid_t child);

} // namespace xenlab::io
