// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/shell.hpp>

#include <algorithm>

namespace xenlab::text {
namespace {

bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("%+,-./:@_").find(c) != std::string_view::npos;
}

template <typename Words>
std::string join(const Words& words)
{
    std::string command;
    for (const auto& word : words) {
        if (!command.empty())
            command += ' ';
        command += shell_word(word);
    }
    return command;
}

} // namespace

std::string shell_word(std::string_view word)
{
    if (word.find('\0') != std::string_view::npos)
        throw Error(Errc::usage, "a word of a command line cannot hold a NUL byte");
    if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain))
        return std::string(word);
    std::string quoted = "'";
    for (const char c : word) {
        if (c == '\'')
            quoted += "'\\''"; // nothing is special inside single quotes but their end
        else
            quoted += c;
    }
    return quoted + "'";
}

std::string shell_command(std::span<const std::string> words)
{
    return join(words);
}

std::string shell_command(std::initializer_list<std::string_view> words)
{
    return join(words);
}

} // namespace xenlab::text
