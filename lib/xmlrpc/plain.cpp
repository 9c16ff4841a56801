// SPDX-License-Identifier: GPL-3.0-or-later
#include "plain.hpp"

#include "decode.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace xenlab::xmlrpc {
namespace {

constexpr int most_nested = 20; // deeper is for the full parser, which has a limit of its own

/// Thrown inside this file only: the text is not plain.
struct NotPlain {};

constexpr std::string_view blanks = " \t\n";

class Reader {
  public:
    explicit Reader(std::string_view xml) : left_(xml) {}

    Value document()
    {
        skip_blanks();
        Value value = read_value(0);
        skip_blanks();
        if (!left_.empty())
            throw NotPlain{};
        return value;
    }

  private:
    Value read_value(int depth);
    Value read_struct(int depth);
    Value read_array(int depth);
    Value read_typed(int depth);
    std::string read_text();

    /// Of a literal the compiler makes one or two comparisons of words, not a call.
    template <std::size_t Size>
    bool take(const char (&token)[Size]) // NOLINT(*-avoid-c-arrays)
    {
        if (left_.size() < Size - 1 || std::memcmp(left_.data(), token, Size - 1) != 0)
            return false;
        left_.remove_prefix(Size - 1);
        return true;
    }
    template <std::size_t Size>
    void need(const char (&token)[Size]) // NOLINT(*-avoid-c-arrays)
    {
        if (!take(token))
            throw NotPlain{};
    }
    void skip_blanks()
    {
        left_.remove_prefix(std::min(left_.find_first_not_of(blanks), left_.size()));
    }

    std::string_view left_;
};

/// One of the entities that every XML document knows, decoded onto `text`; its length.
std::size_t append_entity(std::string& text, std::string_view at)
{
    static constexpr std::array<std::pair<std::string_view, char>, 5> entities{
        {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}}};
    for (const auto& [name, character] : entities)
        if (at.starts_with(name)) {
            text += character;
            return name.size();
        }
    throw NotPlain{};
}

/// Up to the next tag. Text of nothing but blanks is left to the full parser and its rules.
std::string Reader::read_text()
{
    const std::string_view raw = left_.substr(0, left_.find('<'));
    const auto is_special = [](char c) {
        return c == '&' || (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n');
    };
    if (!raw.empty() && raw.find_first_not_of(blanks) == std::string_view::npos)
        throw NotPlain{};
    std::string text;
    for (std::size_t at = 0; at < raw.size();) {
        const auto special =
            std::find_if(raw.begin() + static_cast<std::string_view::difference_type>(at),
                         raw.end(), is_special);
        const auto next = static_cast<std::size_t>(special - raw.begin());
        text.append(raw, at, next - at);
        at = next;
        if (at < raw.size()) // throws for a control character
            at += append_entity(text, raw.substr(at));
    }
    left_.remove_prefix(raw.size());
    return text;
}

Value Reader::read_value(int depth)
{
    if (depth > most_nested)
        throw NotPlain{};
    if (take("<value/>"))
        return Value();
    need("<value>");
    const std::size_t first = left_.find_first_not_of(blanks);
    const bool typed =
        first != std::string_view::npos && left_[first] == '<' && left_.substr(first, 2) != "</";
    if (typed)
        left_.remove_prefix(first);
    Value value = typed ? read_typed(depth) : Value(read_text());
    if (typed)
        skip_blanks();
    need("</value>");
    return value;
}

Value Reader::read_typed(int depth)
{
    if (take("<struct>"))
        return read_struct(depth);
    if (take("<array>"))
        return read_array(depth);
    if (take("<struct/>"))
        return Value(Struct{});
    for (const std::string_view type :
         {"boolean", "string", "double", "dateTime.iso8601", "int", "i4", "i8"}) {
        if (left_.size() < type.size() + 2 || left_.substr(1, type.size()) != type ||
            left_[type.size() + 1] != '>')
            continue;
        left_.remove_prefix(type.size() + 2);
        std::string text = read_text();
        need("</");
        if (!left_.starts_with(type))
            throw NotPlain{};
        left_.remove_prefix(type.size());
        need(">");
        return *decode_scalar(type, std::move(text));
    }
    throw NotPlain{};
}

Value Reader::read_struct(int depth)
{
    Struct members;
    for (skip_blanks(); !take("</struct>"); skip_blanks()) {
        need("<member>");
        skip_blanks();
        need("<name>");
        std::string name = read_text();
        need("</name>");
        skip_blanks();
        members.insert_or_assign(std::move(name), read_value(depth + 1));
        skip_blanks();
        need("</member>");
    }
    return Value(std::move(members));
}

Value Reader::read_array(int depth)
{
    Array items;
    skip_blanks();
    if (!take("<data/>")) {
        need("<data>");
        for (skip_blanks(); !take("</data>"); skip_blanks())
            items.push_back(read_value(depth + 1));
    }
    skip_blanks();
    need("</array>");
    return Value(std::move(items));
}

} // namespace

std::optional<Value> decode_plain(std::string_view xml)
{
    try {
        return Reader(xml).document();
    } catch (const NotPlain&) {
        return std::nullopt;
    }
}

} // namespace xenlab::xmlrpc
