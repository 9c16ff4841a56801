// SPDX-License-Identifier: GPL-3.0-or-later
// From tinyxml2's tree to values.
#pragma once

#include <xenlab/xmlrpc/value.hpp>

#include <string_view>

namespace tinyxml2 {
class XMLDocument;
class XMLElement;
} // namespace tinyxml2

namespace xenlab::xmlrpc {

/// Throws Error{bad_data} for what is too long, no XML, or has no root element.
void parse_document(tinyxml2::XMLDocument& document, std::string_view xml);

/// A `<value>` element. Throws Error{bad_data}.
Value decode_element(const tinyxml2::XMLElement& value);

} // namespace xenlab::xmlrpc
