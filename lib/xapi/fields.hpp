// SPDX-License-Identifier: GPL-3.0-or-later
// Reading the fields of a record. What is missing or of another type leaves the default: hosts of
// many versions answer, and none of these fields is worth a failure.
#pragma once

#include <xenlab/xapi/records.hpp>
#include <xenlab/xmlrpc/value.hpp>

#include <charconv>

namespace xenlab::xapi {

class Fields {
  public:
    explicit Fields(const xmlrpc::Value& record) : record_(record) {}

    void operator()(std::string_view name, std::string& field) const
    {
        const auto* value = record_.find(name);
        if (value == nullptr)
            return;
        if (const auto* date = value->if_date())
            field = date->text;
        else if (auto text = value->as_scalar())
            field = std::move(*text);
    }
    void operator()(std::string_view name, bool& field) const
    {
        if (const auto* value = record_.find(name))
            field = value->as_bool().value_or(field);
    }
    void operator()(std::string_view name, std::int64_t& field) const
    {
        if (const auto* value = record_.find(name))
            field = value->as_int().value_or(field);
    }
    void operator()(std::string_view name, double& field) const
    {
        if (const auto* value = record_.find(name))
            if (const auto* number = value->if_double())
                field = *number;
    }
    template <typename T>
    void operator()(std::string_view name, Ref<T>& field) const
    {
        if (const auto* value = record_.find(name))
            field = Ref<T>(value->as_scalar().value_or(""));
    }
    template <typename T>
    void operator()(std::string_view name, std::vector<Ref<T>>& field) const
    {
        each(name, [&](const xmlrpc::Value& item) { field.emplace_back(text_of(item)); });
    }
    void operator()(std::string_view name, StringSet& field) const
    {
        each(name, [&](const xmlrpc::Value& item) { field.push_back(text_of(item)); });
    }
    void operator()(std::string_view name, StringMap& field) const
    {
        const auto* value = record_.find(name);
        const auto* members = value == nullptr ? nullptr : value->if_struct();
        if (members == nullptr)
            return;
        for (const auto& [key, member] : *members)
            field.emplace_hint(field.end(), key, text_of(member));
    }
    [[nodiscard]] bool has(std::string_view name) const { return record_.find(name) != nullptr; }

  private:
    template <typename Use>
    void each(std::string_view name, Use use) const
    {
        const auto* value = record_.find(name);
        const auto* items = value == nullptr ? nullptr : value->if_array();
        if (items != nullptr)
            for (const xmlrpc::Value& item : *items)
                use(item);
    }
    static std::string text_of(const xmlrpc::Value& value)
    {
        return value.as_scalar().value_or("");
    }

    const xmlrpc::Value& record_;
};

} // namespace xenlab::xapi
