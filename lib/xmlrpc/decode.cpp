// SPDX-License-Identifier: GPL-3.0-or-later
#include "decode.hpp"

#include "plain.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/xmlrpc/value.hpp>

#include <fmt/format.h>
#include <tinyxml2.h>

#include <charconv>
#include <cstdlib>

namespace xenlab::xmlrpc {
namespace {

constexpr std::size_t max_text = 64U << 20U; // all tasks of a busy pool in one event batch
constexpr int max_depth = 64;

using tinyxml2::XMLElement;

[[noreturn]] void fail(const std::string& words)
{
    throw Error(Errc::bad_data, "not XML-RPC: " + words);
}

/// All text directly in an element; xapi splits it by nothing, other writers by CDATA or comments.
std::string text_of(const XMLElement& element)
{
    std::string text;
    for (const auto* node = element.FirstChild(); node != nullptr; node = node->NextSibling()) {
        if (node->ToElement() != nullptr)
            fail(fmt::format("an element inside <{}>", text::printable(element.Name())));
        if (const auto* part = node->ToText())
            text += part->Value();
    }
    return text;
}

const XMLElement& only_child(const XMLElement& element, const char* name)
{
    const XMLElement* child = element.FirstChildElement();
    if (child == nullptr || std::string_view(child->Name()) != name)
        fail(fmt::format("<{}> without <{}>", text::printable(element.Name()), name));
    return *child;
}

void require_last(const XMLElement& element)
{
    if (element.NextSiblingElement() != nullptr)
        fail(fmt::format("<{}> after <{}>", text::printable(element.NextSiblingElement()->Name()),
                         text::printable(element.Name())));
}

Value decode(const XMLElement& element, int depth);

Value decode_struct(const XMLElement& element, int depth)
{
    Struct members;
    for (const auto* member = element.FirstChildElement(); member != nullptr;
         member = member->NextSiblingElement()) {
        const XMLElement& name = only_child(*member, "name");
        const XMLElement* value = name.NextSiblingElement();
        if (std::string_view(member->Name()) != "member" || value == nullptr)
            fail("a struct member without name and value");
        require_last(*value);
        members.insert_or_assign(text_of(name), decode(*value, depth + 1));
    }
    return Value(std::move(members));
}

Value decode_array(const XMLElement& element, int depth)
{
    Array items;
    const XMLElement& data = only_child(element, "data");
    require_last(data);
    for (const auto* value = data.FirstChildElement(); value != nullptr;
         value = value->NextSiblingElement())
        items.push_back(decode(*value, depth + 1));
    return Value(std::move(items));
}

std::int64_t decode_int(const std::string& text)
{
    const auto value = Value(std::string(text::trim(text))).as_int();
    if (!value)
        fail(fmt::format("{} is not a whole number", text::quoted(text)));
    return *value;
}

double decode_double(const std::string& text)
{
    const std::string_view digits = text::trim(text);
    double value = 0; // "inf" and "nan" occur in xapi's data source values
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size())
        fail(fmt::format("{} is not a number", text::quoted(text)));
    return value;
}

bool decode_bool(const std::string& text)
{
    const std::string_view digit = text::trim(text);
    if (digit != "0" && digit != "1")
        fail(fmt::format("{} is not a boolean", text::quoted(text)));
    return digit == "1";
}

Value decode(const XMLElement& element, int depth)
{
    if (std::string_view(element.Name()) != "value")
        fail(fmt::format("<{}> where <value> should be", text::printable(element.Name())));
    if (depth > max_depth)
        fail("nested too deeply");
    const XMLElement* typed = element.FirstChildElement();
    if (typed == nullptr)
        return Value(text_of(element));
    require_last(*typed);
    const std::string_view type = typed->Name();
    if (type == "struct")
        return decode_struct(*typed, depth);
    if (type == "array")
        return decode_array(*typed, depth);
    if (type == "nil")
        return Value();
    if (auto scalar = decode_scalar(type, text_of(*typed)))
        return std::move(*scalar);
    fail(fmt::format("unknown type <{}>", text::printable(type)));
}

} // namespace

std::optional<Value> decode_scalar(std::string_view type, std::string text)
{
    if (type == "string")
        return Value(std::move(text));
    if (type == "boolean")
        return Value(decode_bool(text));
    if (type == "int" || type == "i4" || type == "i8")
        return Value(decode_int(text));
    if (type == "double")
        return Value(decode_double(text));
    if (type == "dateTime.iso8601")
        return Value(Value::DateTime{std::move(text)});
    return std::nullopt;
}

void parse_document(tinyxml2::XMLDocument& document, std::string_view xml)
{
    if (xml.size() > max_text)
        fail(fmt::format("a value of {} bytes", xml.size()));
    if (document.Parse(xml.data(), xml.size()) != tinyxml2::XML_SUCCESS)
        fail(fmt::format("{} in line {}", document.ErrorName(), document.ErrorLineNum()));
    if (document.RootElement() == nullptr)
        fail("no element");
    require_last(*document.RootElement());
}

Value decode_element(const XMLElement& value)
{
    return decode(value, 0);
}

Value decode_value(std::string_view xml)
{
    if (xml.size() <= max_text)
        if (auto plain = decode_plain(xml))
            return std::move(*plain);
    return decode_tree(xml);
}

Value decode_tree(std::string_view xml)
{
    tinyxml2::XMLDocument document(true, tinyxml2::PRESERVE_WHITESPACE);
    parse_document(document, xml);
    return decode(*document.RootElement(), 0);
}

} // namespace xenlab::xmlrpc
