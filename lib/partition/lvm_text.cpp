// SPDX-License-Identifier: GPL-3.0-or-later
#include "lvm_text.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <algorithm>

namespace xenlab::partition {
namespace {

constexpr unsigned max_depth = 16;
constexpr std::size_t max_tokens = 4'000'000;

class Parser {
  public:
    explicit Parser(std::string_view text) : rest_(text) {}

    LvmSection section(unsigned depth)
    {
        if (depth > max_depth)
            damaged();
        LvmSection result;
        for (;;) {
            const std::string name = token();
            if (name.empty() || name == "}") {
                if ((depth == 0) != name.empty())
                    damaged();
                return result;
            }
            const std::string next = token();
            if (next == "{")
                result.sections.push_back({name, section(depth + 1)});
            else if (next == "=")
                result.values[name] = value();
            else
                damaged();
        }
    }

  private:
    [[noreturn]] static void damaged()
    {
        throw Error(Errc::bad_data, "the LVM metadata is damaged");
    }

    void skip_blanks()
    {
        for (;;) {
            const std::size_t n = rest_.find_first_not_of(" \t\r\n");
            rest_.remove_prefix(std::min(n, rest_.size()));
            if (!rest_.starts_with('#'))
                return;
            rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
        }
    }

    /// A word, or one of { } [ ] = and comma; empty at the end.
    std::string token()
    {
        if (++tokens_ > max_tokens)
            damaged();
        skip_blanks();
        if (rest_.empty() || rest_.front() == '\0')
            return {};
        if (rest_.front() == '"')
            return quoted();
        const bool sign = std::string_view("{}[]=,").find(rest_.front()) != std::string_view::npos;
        const std::size_t n =
            sign ? 1 : std::min(rest_.find_first_of(" \t\r\n{}[]=,\"#"), rest_.size());
        std::string word(rest_.substr(0, n));
        rest_.remove_prefix(n);
        return word;
    }

    std::string quoted()
    {
        rest_.remove_prefix(1);
        std::string word;
        while (!rest_.empty() && rest_.front() != '"') {
            if (rest_.front() == '\\' && rest_.size() > 1)
                rest_.remove_prefix(1);
            word += rest_.front();
            rest_.remove_prefix(1);
        }
        if (rest_.empty())
            damaged();
        rest_.remove_prefix(1);
        return word;
    }

    std::vector<std::string> value()
    {
        std::string word = token();
        if (word != "[")
            return {std::move(word)};
        std::vector<std::string> list;
        for (skip_blanks(); !rest_.empty(); skip_blanks()) {
            const bool text = rest_.front() == '"';
            word = token();
            if (!text && word == "]")
                return list;
            if (text || word != ",")
                list.push_back(std::move(word));
        }
        damaged();
    }

    std::string_view rest_;
    std::size_t tokens_ = 0;
};

} // namespace

const LvmSection* LvmSection::section(std::string_view name) const
{
    const auto found = std::find_if(sections.begin(), sections.end(),
                                    [&](const auto& s) { return s.name == name; });
    return found == sections.end() ? nullptr : &found->section;
}

std::string LvmSection::text(const std::string& name) const
{
    const auto found = values.find(name);
    return found == values.end() || found->second.empty() ? std::string() : found->second.front();
}

std::optional<std::uint64_t> LvmSection::number(const std::string& name) const
{
    return text::parse_u64(text(name));
}

LvmSection parse_lvm_text(std::string_view text)
{
    return Parser(text).section(0);
}

} // namespace xenlab::partition
