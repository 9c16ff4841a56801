// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/text.hpp>
#include <xenlab/lab/storage.hpp>

#include <tinyxml2.h>

namespace xenlab::lab {
namespace {

constexpr std::size_t most_items = 1000;
constexpr std::size_t most_values = 50;

} // namespace

std::string ProbeItem::value(std::string_view name) const
{
    for (const auto& [key, text] : values)
        if (key == name)
            return text;
    return {};
}

std::vector<ProbeItem> parse_probe(const std::string& xml)
{
    std::vector<ProbeItem> items;
    tinyxml2::XMLDocument document;
    if (document.Parse(xml.c_str(), xml.size()) != tinyxml2::XML_SUCCESS ||
        document.RootElement() == nullptr)
        return items;
    const auto* element = document.RootElement()->FirstChildElement();
    for (; element != nullptr && items.size() < most_items;
         element = element->NextSiblingElement()) {
        ProbeItem item{.kind = element->Name(), .values = {}};
        const auto* child = element->FirstChildElement();
        for (; child != nullptr && item.values.size() < most_values;
             child = child->NextSiblingElement()) {
            const char* text = child->GetText();
            item.values.emplace_back(
                child->Name(), std::string(text::trim(text == nullptr ? "" : text))); // indented
        }
        items.push_back(std::move(item));
    }
    return items;
}

} // namespace xenlab::lab
