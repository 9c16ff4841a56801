// SPDX-License-Identifier: GPL-3.0-or-later
// Calls and answers of XML-RPC as xapi takes and gives them.
#pragma once

#include <xenlab/xmlrpc/value.hpp>

#include <string>
#include <string_view>

namespace xenlab::xmlrpc {

/// `<value>…</value>` in the forms xapi documents: strings without a type element, integers as
/// decimal text without one, booleans 0/1, doubles with 17 digits. Throws Error{usage} for text
/// that is not UTF-8 or holds a character XML cannot carry.
std::string encode_value(const Value& value);

/// A whole methodCall document.
std::string encode_call(std::string_view method, const Array& params);

struct Response {
    bool fault = false; ///< `value` is then {faultCode, faultString}
    Value value;
};

/// A whole methodResponse document. Throws Error{bad_data}.
Response decode_response(std::string_view xml);

} // namespace xenlab::xmlrpc
