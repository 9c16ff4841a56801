// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/base/utf8.hpp>
#include <xenlab/bytes/endian.hpp>
#include <xenlab/registry/reg_text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::registry {
namespace {

constexpr std::string_view magic5 = "Windows Registry Editor Version 5.00", magic4 = "REGEDIT4";

std::string decoded(std::string_view file)
{
    if (file.starts_with("\xff\xfe"))
        return text::utf16le_to_utf8(file.substr(2));
    if (file.starts_with("\xef\xbb\xbf"))
        file.remove_prefix(3);
    if (!text::is_utf8(file))
        throw Error(Errc::bad_data, "the .reg file is neither UTF-16 nor UTF-8",
                    "convert it: iconv -f windows-1252 -t utf-8");
    return std::string(file);
}

class Parser {
  public:
    explicit Parser(std::string text) : text_(std::move(text)), rest_(text_) {}

    std::vector<KeyEdit> parse()
    {
        const std::string first(text::trim(line()));
        if (first != magic5 && first != magic4)
            throw Error(Errc::bad_data, "the file is no .reg file",
                        fmt::format("its first line must be {}", magic5));
        std::vector<KeyEdit> edits;
        while (!rest_.empty()) {
            std::string words(text::trim(line()));
            if (words.empty() || words.front() == ';')
                continue;
            while (words.back() == '\\' && !rest_.empty()) { // goes on
                words.pop_back();
                words += text::trim(line());
            }
            if (words.front() == '[')
                edits.push_back(key(words));
            else if (edits.empty())
                fail("a value without a key");
            else
                edits.back().values.push_back(value(words));
        }
        return edits;
    }

  private:
    [[noreturn]] void fail(const char* what) const
    {
        throw Error(Errc::bad_data, fmt::format("line {} of the .reg file: {}", number_, what));
    }

    std::string_view line()
    {
        ++number_;
        const std::size_t end = std::min(rest_.find('\n'), rest_.size());
        const std::string_view found = rest_.substr(0, end);
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        return found;
    }

    KeyEdit key(std::string_view words) const
    {
        if (words.back() != ']' || words.size() < 3)
            fail("a key without its ]");
        words = words.substr(1, words.size() - 2);
        KeyEdit edit;
        edit.remove = words.front() == '-';
        edit.key = words.substr(edit.remove ? 1 : 0);
        return edit;
    }

    /// Takes a quoted text off the front.
    std::string quoted(std::string_view& words) const
    {
        std::string out;
        words.remove_prefix(1);
        while (!words.empty() && words.front() != '"') {
            if (words.front() == '\\' && words.size() > 1)
                words.remove_prefix(1);
            out += words.front();
            words.remove_prefix(1);
        }
        if (words.empty())
            fail("a text without its end");
        words.remove_prefix(1);
        return out;
    }

    ValueEdit value(std::string_view words) const
    {
        ValueEdit edit;
        if (words.front() == '@')
            words.remove_prefix(1);
        else if (words.front() == '"')
            edit.value.name = quoted(words);
        else
            fail("neither a key nor a value");
        words = text::trim(words);
        if (!words.starts_with('='))
            fail("a value without =");
        words = text::trim(words.substr(1));
        if (words == "-") {
            edit.remove = true;
        } else if (words.starts_with('"')) {
            edit.value.type = type::sz;
            edit.value.data = utf16_bytes(quoted(words), true);
            if (!text::trim(words).empty() && !text::trim(words).starts_with(';'))
                fail("text behind a value");
        } else {
            const std::size_t colon = words.find(':');
            const std::string word(words.substr(0, colon));
            if (colon == std::string_view::npos || (word != "dword" && !word.starts_with("hex")))
                fail("a value of no known form");
            try {
                const std::string data(words.substr(colon + 1));
                edit.value = parse_value(edit.value.name,
                                         word == "dword" ? "dword:0x" + data : word + ":" + data);
            } catch (const Error&) {
                fail("the data of a value is damaged");
            }
        }
        return edit;
    }

    std::string text_;
    std::string_view rest_;
    unsigned number_ = 0;
};

std::string escaped(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == '"')
            out += '\\';
        out += c;
    }
    return out;
}

/// As regedit folds it: bytes until the line is full, then "\" and two blanks.
std::string hex_lines(std::string line, const std::vector<std::byte>& data)
{
    std::string out;
    for (std::size_t i = 0; i < data.size(); ++i) {
        line += fmt::format("{:02x}", std::to_integer<unsigned>(data[i]));
        if (i + 1 < data.size())
            line += ',';
        if (line.size() > 76 && i + 1 < data.size()) {
            out += line + "\\\r\n";
            line = "  ";
        }
    }
    return out + line;
}

/// A text that comes back the same: UTF-16 that ends with one NUL and holds no line ends.
bool plain_text(const Value& value)
{
    if (value.type != type::sz)
        return false;
    const std::string text = text_of(value);
    return text.find_first_of("\r\n") == std::string::npos &&
           text.find('\0') == std::string::npos && utf16_bytes(text, true) == value.data;
}

} // namespace

std::vector<KeyEdit> parse_reg(std::string_view file)
{
    return Parser(decoded(file)).parse();
}

std::string reg_header()
{
    return std::string(magic5) + "\r\n\r\n";
}

std::string format_key(const std::string& path, const std::vector<Value>& values)
{
    std::string out = "[" + path + "]\r\n";
    for (const Value& value : values) {
        const std::string name =
            value.name.empty() ? "@=" : fmt::format("\"{}\"=", escaped(value.name));
        if (plain_text(value))
            out += fmt::format("{}\"{}\"", name, escaped(text_of(value)));
        else if (value.type == type::dword && value.data.size() == 4)
            out += fmt::format("{}dword:{:08x}", name, bytes::le32(value.data, 0));
        else if (value.type == type::binary)
            out += hex_lines(name + "hex:", value.data);
        else
            out += hex_lines(fmt::format("{}hex({:x}):", name, value.type), value.data);
        out += "\r\n";
    }
    return out + "\r\n";
}

std::string to_utf16_with_mark(std::string_view text)
{
    const auto data = utf16_bytes(text, false);
    std::string out("\xff\xfe");
    for (const std::byte b : data)
        out += static_cast<char>(b);
    return out;
}

} // namespace xenlab::registry
