// SPDX-License-Identifier: GPL-3.0-or-later
// links: registry
// A hive with two logs: the input is cut at two places that its last bytes name. Checksums are made
// right in a second round, so that more than the first check is reached.
#include "fuzz.hpp"

#include <xenlab/bytes/endian.hpp>
#include <xenlab/registry/hive.hpp>
#include <xenlab/registry/hive_log.hpp>
#include <xenlab/registry/reg_text.hpp>

#include <algorithm>
#include <vector>

using namespace xenlab;

namespace {

using Bytes = std::vector<std::byte>;

void walk(const registry::Hive& hive, registry::Key key, unsigned depth, unsigned& count)
{
    if (depth > 16 || ++count > 500)
        return;
    fuzz::refused([&] { static_cast<void>(hive.name(key)); });
    fuzz::refused([&] {
        const auto values = hive.values(key);
        static_cast<void>(registry::format_key("x", values));
        for (const registry::Value& value : values)
            static_cast<void>(registry::shown_data(value));
    });
    fuzz::refused([&] {
        for (const registry::Key child : hive.children(key))
            walk(hive, child, depth + 1, count);
    });
}

void drive(Bytes hive, const std::vector<Bytes>& logs)
{
    fuzz::refused([&] {
        const auto result = registry::apply_logs(hive, logs);
        fuzz::require(result.entries == 0 || !registry::is_dirty(hive), "applied logs clean");
        const registry::Hive open(hive, registry::Hive::Access::read);
        unsigned count = 0;
        walk(open, open.root(), 0, count);
    });
    fuzz::refused([&] {
        registry::Hive open(hive, registry::Hive::Access::write);
        open.set(open.make(open.root(), "A\\B"), registry::parse_value("v", "sz:x"));
        static_cast<void>(open.commit());
    });
}

void seal(Bytes& file)
{
    if (file.size() >= 512)
        bytes::store_le(std::span(file), 508, registry::base_checksum(file));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto input = fuzz::bytes(data, size);
    if (input.size() < 4)
        return 0;
    const std::size_t all = input.size() - 4;
    std::size_t first = std::size_t{bytes::le16(input, all)} * 512;
    std::size_t second = std::size_t{bytes::le16(input, all + 2)} * 512;
    first = std::min(first, all);
    second = std::clamp(second, first, all);
    Bytes hive(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(first));
    std::vector<Bytes> logs{Bytes(input.begin() + static_cast<std::ptrdiff_t>(first),
                                  input.begin() + static_cast<std::ptrdiff_t>(second)),
                            Bytes(input.begin() + static_cast<std::ptrdiff_t>(second),
                                  input.begin() + static_cast<std::ptrdiff_t>(all))};
    drive(hive, logs);
    seal(hive);
    for (Bytes& log : logs)
        seal(log);
    drive(hive, logs);
    return 0;
}
