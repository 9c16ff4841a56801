// SPDX-License-Identifier: GPL-3.0-or-later
// The syntax of ssh_config(5): lines, words, blocks, Include and Match. What the keywords mean is
// ssh_config.cpp's business.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::transport {

/// Where a line stands, for messages.
struct ConfigPlace {
    std::string file;
    unsigned line = 0;
};

/// Throws Error{usage} "FILE:LINE: words".
[[noreturn]] void bad_config(const ConfigPlace& place, std::string_view words);

/// The words of a line: separated by blanks, the first also by "=", "double quotes" keep blanks
/// together. A # begins a comment where a word would begin. Throws Error{usage}.
std::vector<std::string> config_words(std::string_view line, const ConfigPlace& place);

/// A pattern list of Host and Match: * and ?, separated by commas or given as several words; one
/// that matches with a ! in front refuses the whole list.
bool matches_patterns(std::string_view text, const std::vector<std::string>& patterns);

/// What the blocks compare with.
struct ConfigSubject {
    std::string original_host;         ///< as given
    std::function<std::string()> host; ///< HostName so far
    std::function<std::string()> user; ///< User so far
    std::string local_user;
    std::string home;
    bool final_pass = false;
    bool wants_final_pass = false; ///< set when a Match asks for one
    std::function<std::string(std::string_view, const ConfigPlace&)> expand; ///< tokens of exec
};

using OnKeyword = std::function<void(const std::string& keyword, const std::vector<std::string>&,
                                     const ConfigPlace&)>;

/// Calls `on_keyword` (in lower case, with its arguments) for the lines of active blocks. False
/// when there is no such file.
bool read_config_file(const std::string& path, ConfigSubject& subject, const OnKeyword& on_keyword);

} // namespace xenlab::transport
