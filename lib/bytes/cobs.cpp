// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/bytes/cobs.hpp>

namespace xenlab::bytes {

void append_cobs(std::vector<std::byte>& out, View data)
{
    std::size_t code_at = out.size(); // where the length of the current run will stand
    out.push_back(std::byte{0});
    unsigned code = 1;
    bool full = false; // the last run was 254 bytes long: no zero is implied after it
    const auto finish_run = [&] { out[code_at] = static_cast<std::byte>(code); };
    const auto open_run = [&] {
        code_at = out.size();
        out.push_back(std::byte{0});
        code = 1;
    };
    for (const std::byte b : data) {
        if (full) {
            open_run();
            full = false;
        }
        if (b == std::byte{0}) {
            finish_run();
            open_run();
            continue;
        }
        out.push_back(b);
        if (++code == 0xFF) {
            finish_run();
            full = true;
        }
    }
    finish_run();
}

std::optional<std::vector<std::byte>> from_cobs(View encoded)
{
    if (encoded.empty())
        return std::nullopt;
    std::vector<std::byte> out;
    out.reserve(encoded.size());
    std::size_t at = 0;
    while (at < encoded.size()) {
        const auto code = std::to_integer<std::size_t>(encoded[at]);
        if (code == 0 || code - 1 > encoded.size() - at - 1)
            return std::nullopt;
        for (std::size_t i = 1; i < code; ++i) {
            if (encoded[at + i] == std::byte{0})
                return std::nullopt;
            out.push_back(encoded[at + i]);
        }
        at += code;
        if (code != 0xFF && at < encoded.size())
            out.push_back(std::byte{0});
    }
    return out;
}

} // namespace xenlab::bytes
