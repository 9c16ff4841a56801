// SPDX-License-Identifier: GPL-3.0-or-later
// links: registry
// .reg files: what is read and written again reads the same.
#include "fuzz.hpp"

#include <xenlab/registry/reg_text.hpp>

#include <string>

using namespace xenlab;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto text = fuzz::text(fuzz::bytes(data, size));
    fuzz::refused([&] { static_cast<void>(registry::parse_value("x", text)); });
    fuzz::refused([&] {
        for (const registry::KeyEdit& edit : registry::parse_reg(text)) {
            if (edit.remove)
                continue;
            std::vector<registry::Value> values;
            for (const registry::ValueEdit& value : edit.values)
                if (!value.remove && value.value.name.find_first_of("\r\n") == std::string::npos)
                    values.push_back(value.value);
            const auto again =
                registry::parse_reg(registry::reg_header() + registry::format_key("k", values));
            fuzz::require(again.size() == 1 && again[0].values.size() == values.size(),
                          "as many values as were written");
            for (std::size_t i = 0; i < values.size(); ++i)
                fuzz::require(again[0].values[i].value == values[i], "values read back the same");
        }
    });
    return 0;
}
