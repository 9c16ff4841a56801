// SPDX-License-Identifier: GPL-3.0-or-later
// From tinyxml2's tree to values.
#pragma once

#include <xenlab/xmlrpc/value.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace tinyxml2 {
class XMLDocument;
class XMLElement;
} // namespace tinyxml2

namespace xenlab::xmlrpc {

/// Throws Error{bad_data} for what is too long, no XML, or has no root element.
void parse_document(tinyxml2::XMLDocument& document, std::string_view xml);

/// The content of a typed element that is neither struct nor array; nothing for an unknown type.
/// Throws Error{bad_data}.
std::optional<Value> decode_scalar(std::string_view type, std::string text);

/// decode_value() without the short way of plain.hpp.
Value decode_tree(std::string_view xml);

/// A `<value>` element. Throws Error{bad_data}.
Value decode_element(const tinyxml2::XMLElement& value);

} // namespace xenlab::xmlrpc
