// SPDX-License-Identifier: GPL-3.0-or-later
// links: xmlrpc
// Decodes a value at once, and slices the document whole and in pieces: both must see the same records.
#include "fuzz.hpp"

#include <xenlab/xmlrpc/slicer.hpp>
#include <xenlab/xmlrpc/value.hpp>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

using namespace xenlab;

namespace {

using Records = std::vector<std::tuple<std::string, std::string, xmlrpc::Value>>;

struct Sliced {
    Records records;
    bool refused = false;
};

Sliced slice(std::string_view text, std::size_t piece)
{
    Sliced result;
    result.refused = fuzz::refused([&] {
        xmlrpc::Slicer slicer(
            [&](std::string_view member, std::string_view key, const xmlrpc::Value& value) {
                result.records.emplace_back(member, key, value);
            },
            4096);
        for (std::size_t at = 0; at < text.size(); at += piece) {
            slicer.feed(text.substr(at, piece));
        }
        slicer.finish();
    });
    return result;
}

bool equal_but_nan(const Records& left, const Records& right)
{
    // A double NaN differs from itself; comparing the names is enough then.
    return left.size() == right.size() &&
           std::equal(left.begin(), left.end(), right.begin(), [](const auto& a, const auto& b) {
               return std::get<0>(a) == std::get<0>(b) && std::get<1>(a) == std::get<1>(b);
           });
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto text = fuzz::text(fuzz::bytes(data, size));
    fuzz::refused([&] { xmlrpc::decode_value(text); });
    const auto whole = slice(text, std::max<std::size_t>(size, 1));
    const auto pieces = slice(text, size % 7 + 1);
    fuzz::require(whole.refused == pieces.refused, "pieces and the whole are refused alike");
    if (!whole.refused) {
        fuzz::require(equal_but_nan(whole.records, pieces.records), "pieces and the whole give the same records");
    }
    return 0;
}
