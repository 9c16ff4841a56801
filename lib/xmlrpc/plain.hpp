// SPDX-License-Identifier: GPL-3.0-or-later
// The XML that xapi writes, decoded without a tree in between: a thousand VMs are ten megabytes,
// and building and freeing tinyxml2's nodes was two thirds of what `xvm ls` did.
#pragma once

#include <xenlab/xmlrpc/value.hpp>

#include <optional>
#include <string_view>

namespace xenlab::xmlrpc {

/// A `<value>` element of tags without attributes and text with the five entities. Nothing for
/// anything else, be it legal (comments, CDATA, blanks that matter) or not: then the full parser
/// has the word. What this one takes, that one takes and makes the same of (tests/fuzz/xmlrpc).
/// Throws Error{bad_data} for numbers and booleans that are none.
std::optional<Value> decode_plain(std::string_view xml);

} // namespace xenlab::xmlrpc
