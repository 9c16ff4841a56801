// SPDX-License-Identifier: GPL-3.0-or-later
#include "decode.hpp"
#include "plain.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/xmlrpc/message.hpp>

#include <fmt/format.h>
#include <tinyxml2.h>

#include <iterator>

namespace xenlab::xmlrpc {
namespace {

void append_text(std::string& xml, std::string_view text)
{
    if (!text::is_utf8(text))
        throw Error(Errc::usage, fmt::format("{} is not UTF-8, which is all the server takes",
                                             text::quoted(text)));
    for (const char c : text) {
        switch (c) {
        case '&':
            xml += "&amp;";
            break;
        case '<':
            xml += "&lt;";
            break;
        case '>':
            xml += "&gt;";
            break;
        case '\r': // as it is, XML readers turn it into a line feed
            xml += "&#13;";
            break;
        default:
            if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n')
                throw Error(Errc::usage,
                            fmt::format("{} holds a control character, which XML cannot carry",
                                        text::quoted(text)));
            xml += c;
        }
    }
}

void append_value(std::string& xml, const Value& value)
{
    xml += "<value>";
    if (const auto* text = value.if_text()) {
        append_text(xml, *text);
    } else if (const auto* flag = value.if_bool()) {
        xml += *flag ? "<boolean>1</boolean>" : "<boolean>0</boolean>";
    } else if (const auto* number = value.if_double()) {
        xml += fmt::format("<double>{:.17g}</double>", *number);
    } else if (const auto* items = value.if_array()) {
        xml += "<array><data>";
        for (const Value& item : *items)
            append_value(xml, item);
        xml += "</data></array>";
    } else if (const auto* members = value.if_struct()) {
        xml += "<struct>";
        for (const auto& [name, member] : *members) {
            xml += "<member><name>";
            append_text(xml, name);
            xml += "</name>";
            append_value(xml, member);
            xml += "</member>";
        }
        xml += "</struct>";
    } else if (const auto* date = value.if_date()) {
        xml += "<dateTime.iso8601>";
        append_text(xml, date->text);
        xml += "</dateTime.iso8601>";
    } else { // an int
        xml += value.as_scalar().value_or("");
    }
    xml += "</value>";
}

using tinyxml2::XMLElement;

[[noreturn]] void fail(std::string_view words)
{
    throw Error(Errc::bad_data, fmt::format("not an answer of XML-RPC: {}", words));
}

const XMLElement& child(const XMLElement& element, const char* name)
{
    const XMLElement* found = element.FirstChildElement(name);
    if (found == nullptr)
        fail(fmt::format("no <{}>", name));
    return *found;
}

/// The value of an answer that is written as xapi writes it.
std::optional<Value> plain_answer(std::string_view xml)
{
    constexpr std::string_view front = "<?xml version=\"1.0\"?><methodResponse><params><param>";
    constexpr std::string_view back = "</param></params></methodResponse>";
    if (!xml.starts_with(front) || !xml.ends_with(back) || xml.size() < front.size() + back.size())
        return std::nullopt;
    return decode_plain(xml.substr(front.size(), xml.size() - front.size() - back.size()));
}

} // namespace

std::string encode_value(const Value& value)
{
    std::string xml;
    append_value(xml, value);
    return xml;
}

std::string encode_call(std::string_view method, const Array& params)
{
    std::string xml = "<?xml version=\"1.0\"?><methodCall><methodName>";
    append_text(xml, method);
    xml += "</methodName><params>";
    for (const Value& param : params) {
        xml += "<param>";
        append_value(xml, param);
        xml += "</param>";
    }
    xml += "</params></methodCall>";
    return xml;
}

Response decode_response(std::string_view xml)
{
    if (auto value = plain_answer(xml))
        return {false, std::move(*value)};
    tinyxml2::XMLDocument document(true, tinyxml2::PRESERVE_WHITESPACE);
    parse_document(document, xml);
    const XMLElement& root = *document.RootElement();
    if (std::string_view(root.Name()) != "methodResponse")
        fail(fmt::format("it is <{}>", text::printable(root.Name())));
    if (const XMLElement* fault = root.FirstChildElement("fault"))
        return {true, decode_element(child(*fault, "value"))};
    return {false, decode_element(child(child(child(root, "params"), "param"), "value"))};
}

} // namespace xenlab::xmlrpc
