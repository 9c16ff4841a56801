// SPDX-License-Identifier: GPL-3.0-or-later
#include "pattern.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <array>
#include <regex.h>

namespace xenlab::serial_cli {

struct Pattern::Compiled {
    regex_t regex{};
    ~Compiled() { ::regfree(&regex); }
};

Pattern::Pattern(const std::string& text) : compiled_(std::make_unique<Compiled>())
{
    const int failed = ::regcomp(&compiled_->regex, text.c_str(), REG_EXTENDED | REG_NOSUB);
    if (failed == 0)
        return;
    std::array<char, 128> words{};
    ::regerror(failed, &compiled_->regex, words.data(), words.size());
    throw Error(Errc::usage, fmt::format("{}: {}", text::quoted(text), words.data()));
}

Pattern::~Pattern() = default;

bool Pattern::matches(const std::string& line) const
{
    return ::regexec(&compiled_->regex, line.c_str(), 0, nullptr, 0) == 0;
}

void LineBuffer::add(char c)
{
    constexpr std::size_t longest = 8192;
    switch (escape_) {
    case Escape::begun:
        escape_ = c == '[' ? Escape::sequence : Escape::none;
        return;
    case Escape::sequence:
        if (c >= '@' && c <= '~')
            escape_ = Escape::none;
        return;
    case Escape::none:
        break;
    }
    if (c == '\x1b')
        escape_ = Escape::begun;
    else if (c != '\0' && c != '\r' && line_.size() < longest)
        line_ += c;
}

std::optional<std::string> LineBuffer::feed(std::string_view bytes, const Pattern& pattern)
{
    for (const char c : bytes) {
        if (c != '\n') {
            add(c);
            continue;
        }
        if (pattern.matches(line_))
            return line_;
        line_.clear();
    }
    if (!line_.empty() && pattern.matches(line_))
        return line_;
    return std::nullopt;
}

} // namespace xenlab::serial_cli
