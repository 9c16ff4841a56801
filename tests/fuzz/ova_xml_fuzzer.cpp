// links: xva
// SPDX-License-Identifier: GPL-3.0-or-later
// The reader of ova.xml over any text.
#include <xenlab/base/error.hpp>
#include <xenlab/xva/metadata.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace xenlab;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        xva::MetadataReader reader;
        reader.feed(text.substr(0, size / 2));
        reader.feed(text.substr(size / 2));
        const xva::Metadata metadata = reader.finish();
        const bool sorted =
            std::is_sorted(metadata.disks.begin(), metadata.disks.end(),
                           [](const auto& a, const auto& b) { return a.ref < b.ref; });
        if (!sorted || metadata.missing_fields.size() > 100 || metadata.export_version() < 0)
            std::abort();
        for (const xva::Disk& disk : metadata.disks)
            if (disk.virtual_size > INT64_MAX || metadata.total_virtual_size() < disk.virtual_size)
                std::abort();
    } catch (const Error&) {
    }
    return 0;
}
