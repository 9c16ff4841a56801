// links: xmlrpc
// SPDX-License-Identifier: GPL-3.0-or-later
// The slicer over any text, whole and in small pieces, and against the decoder of whole values: of
// what both take they must make the same; so must the decoder's short way and its full parser. (The
// XML parser below the decoder is the more lenient one, about what comes after the closing tag for
// one.)
#include "../../lib/xmlrpc/decode.hpp"
#include "../../lib/xmlrpc/plain.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/xmlrpc/message.hpp>
#include <xenlab/xmlrpc/slicer.hpp>
#include <xenlab/xmlrpc/value.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace xenlab;

struct Record {
    std::string member, key;
    xmlrpc::Value value;
    bool operator==(const Record&) const = default;
};
using Records = std::vector<Record>;

std::optional<Records> sliced(std::string_view text, std::size_t step)
{
    Records all;
    try {
        xmlrpc::Slicer slicer(
            [&](std::string_view member, std::string_view key, const xmlrpc::Value& value) {
                all.push_back({std::string(member), std::string(key), value});
            });
        for (std::size_t at = 0; at < text.size(); at += step)
            slicer.feed(text.substr(at, step));
        slicer.finish();
    } catch (const Error&) {
        return std::nullopt;
    }
    return all;
}

/// What the slicer should hand out for one first-level value.
void flatten(Records& out, const std::string& member, const xmlrpc::Value& value)
{
    if (const auto* items = value.if_array(); items != nullptr && !items->empty())
        for (const xmlrpc::Value& item : *items)
            out.push_back({member, "", item});
    else if (const auto* members = value.if_struct(); members != nullptr && !members->empty())
        for (const auto& [key, item] : *members)
            out.push_back({member, key, item});
    else
        out.push_back({member, "", value});
}

Records flattened(const xmlrpc::Value& root)
{
    Records out;
    if (const auto* members = root.if_struct())
        for (const auto& [member, value] : *members)
            flatten(out, member, value);
    if (const auto* items = root.if_array())
        for (const xmlrpc::Value& item : *items)
            flatten(out, "", item);
    return out;
}

/// Struct members come in the order of the text from one and sorted from the other.
bool same_records(Records a, const Records& b)
{
    for (const Record& record : b) {
        const auto found = std::find(a.begin(), a.end(), record);
        if (found == a.end())
            return false;
        a.erase(found);
    }
    return true;
}

std::optional<xmlrpc::Value> tried(std::optional<xmlrpc::Value> (*decode)(std::string_view),
                                   std::string_view text)
{
    try {
        return decode(text);
    } catch (const Error&) {
        return std::nullopt;
    }
}

std::optional<xmlrpc::Value> through_tree(std::string_view text)
{
    return xmlrpc::decode_tree(text);
}

/// Answers are decoded by the same rules; only that nothing but Error leaves is looked at.
std::optional<xmlrpc::Value> response(std::string_view text)
{
    return xmlrpc::decode_response(text).value;
}

/// What holds a not-a-number differs from itself.
bool same(const xmlrpc::Value& a, const xmlrpc::Value& b)
{
    return a == b || !(a == a);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto whole = sliced(text, size + 1);
    if (!(whole == whole)) // a not-a-number, which differs from itself
        return 0;
    if (sliced(text, 1) != whole || sliced(text, 7) != whole)
        std::abort();
    tried(response, text);
    const auto value = tried(through_tree, text);
    const auto plain = tried(xmlrpc::decode_plain, text);
    if (plain && (!value || !same(*plain, *value)))
        std::abort();
    if (!value || !(*value == *value))
        return 0;
    const Records expected = flattened(*value);
    if (!whole)
        return 0;
    // A name that is given twice leaves more records than a map has.
    if (whole->size() < expected.size() ||
        (whole->size() == expected.size() && !same_records(*whole, expected)))
        std::abort();
    return 0;
}
