// SPDX-License-Identifier: GPL-3.0-or-later
#include "json_value.hpp"

#include <nlohmann/json.hpp>

namespace xvm {

using nlohmann::ordered_json;

ordered_json to_json(const xenlab::xmlrpc::Value& value)
{
    if (const auto* members = value.if_struct()) {
        ordered_json object = ordered_json::object();
        for (const auto& [name, member] : *members)
            object[name] = to_json(member);
        return object;
    }
    if (const auto* items = value.if_array()) {
        ordered_json array = ordered_json::array();
        for (const auto& item : *items)
            array.push_back(to_json(item));
        return array;
    }
    if (const auto* flag = value.if_bool())
        return *flag;
    if (const auto* number = value.if_double())
        return *number;
    if (const auto* date = value.if_date())
        return date->text;
    return value.as_scalar().value_or("");
}

} // namespace xvm
