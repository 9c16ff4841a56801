// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/drbl/records.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::drbl {
namespace {

constexpr std::size_t most_records = 200'000;

bool is_key(std::string_view key) noexcept
{
    return !key.empty() && key.size() <= 40 && std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
    });
}

[[noreturn]] void nonsense(std::string_view answer)
{
    throw Error(Errc::bad_data,
                fmt::format("the server's answer makes no sense: {}", text::quoted(answer)));
}

[[noreturn]] void cut_off()
{
    throw Error(Errc::unreachable, "the server's answer was cut off");
}

} // namespace

std::vector<Record> read_records(std::string_view answer)
{
    std::vector<Record> records;
    while (true) {
        const std::size_t line_end = answer.find('\n');
        if (line_end == std::string_view::npos && answer.size() < 64)
            cut_off();
        const std::string_view line = answer.substr(0, line_end);
        const std::size_t blank = line.find(' ');
        if (line_end == std::string_view::npos || blank == std::string_view::npos ||
            !is_key(line.substr(0, blank)) || records.size() >= most_records)
            nonsense(line);
        const auto length = text::parse_u64(line.substr(blank + 1));
        if (!length)
            nonsense(line);
        answer.remove_prefix(line_end + 1);
        if (answer.size() <= *length) // the line end behind it counts
            cut_off();
        if (answer[*length] != '\n')
            nonsense(line);
        if (line == "end 0") {
            if (answer.size() != 1)
                nonsense(answer.substr(1));
            return records;
        }
        records.push_back(
            {std::string(line.substr(0, blank)), std::string(answer.substr(0, *length))});
        answer.remove_prefix(*length + 1);
    }
}

std::optional<std::string> find_record(const std::vector<Record>& records, std::string_view key)
{
    const auto it = std::find_if(records.begin(), records.end(),
                                 [&](const Record& record) { return record.key == key; });
    if (it == records.end())
        return std::nullopt;
    return it->text;
}

} // namespace xenlab::drbl
