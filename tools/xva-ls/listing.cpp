// SPDX-License-Identifier: GPL-3.0-or-later
#include "listing.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

namespace xva_ls {

using namespace xenlab;
using nlohmann::ordered_json;

namespace {

char letter_of(fs::FileType type)
{
    switch (type) {
    case fs::FileType::regular:
        return '-';
    case fs::FileType::directory:
        return 'd';
    case fs::FileType::symlink:
        return 'l';
    case fs::FileType::fifo:
        return 'p';
    case fs::FileType::character_device:
        return 'c';
    case fs::FileType::block_device:
        return 'b';
    case fs::FileType::socket:
        return 's';
    case fs::FileType::other:
        break;
    }
    return '?';
}

/// As ls -l shows it.
std::string mode_text(const fs::Metadata& data)
{
    std::string text(1, letter_of(data.type));
    for (unsigned i = 0; i < 9; ++i)
        text += (data.mode >> (8 - i) & 1U) != 0 ? "rwx"[i % 3] : '-';
    const auto special = [&](std::size_t at, std::uint32_t bit, char set) {
        if ((data.mode & bit) != 0)
            text[at] = text[at] == 'x' ? set : static_cast<char>(set - 32);
    };
    special(3, 04000, 's');
    special(6, 02000, 's');
    special(9, 01000, 't');
    return text;
}

const std::vector<cli::Column>& columns()
{
    static const std::vector<cli::Column> all{{"mode"},      {"links", true}, {"uid", true},
                                              {"gid", true}, {"size", true},  {"mtime"},
                                              {"path"},      {"link"}};
    return all;
}

} // namespace

std::string rfc3339(const std::optional<fs::Time>& time)
{
    if (!time)
        return {};
    const std::time_t seconds = time->seconds;
    std::tm parts{};
    if (::gmtime_r(&seconds, &parts) == nullptr)
        return {};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900L,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

Listing::Listing(const Options& options, cli::Context& context, guest::Guest& guest)
    : options_(options), context_(context), guest_(guest),
      json_(context.shared.format == cli::Format::json ||
            context.shared.format == cli::Format::jsonl)
{
    if (!json_ && (options.long_rows || !context.shared.fields.empty()) && !options.zero)
        table_.emplace(context, columns());
}

std::optional<fs::Metadata> Listing::stat(const guest::Place& place)
{
    try {
        return guest_.stat(place);
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted)
            throw;
        context_.warning(fmt::format("{}: {}", place.path, error.what()));
        ++damaged_;
        return std::nullopt;
    }
}

void Listing::add(const guest::Place& place, const std::string& shown)
{
    if (json_ || table_)
        return add_row(place, shown);
    if (options_.zero)
        context_.out(cli::Context::Content::binary).write(shown + std::string(1, '\0'));
    else
        context_.out().write(text::printable(shown) + "\n");
}

void Listing::add_row(const guest::Place& place, const std::string& shown)
{
    auto known = stat(place);
    const fs::Metadata data = known.value_or(fs::Metadata{.type = place.type});
    if (json_) {
        ordered_json item{{"path", shown},
                          {"type", fs::name_of(data.type)},
                          {"size", data.size},
                          {"mtime", data.modified ? ordered_json(rfc3339(data.modified)) : nullptr},
                          {"mode", fmt::format("{:04o}", data.mode)},
                          {"uid", data.uid},
                          {"gid", data.gid},
                          {"links", data.links}};
        if (data.type == fs::FileType::symlink)
            item["link"] = data.link_target;
        if (!data.streams.empty())
            item["streams"] = data.streams;
        if (!known)
            item["damaged"] = true;
        if (context_.shared.format == cli::Format::jsonl)
            context_.write_json(item);
        else
            items_.push_back(std::move(item));
        return;
    }
    table_->row({known ? mode_text(data) : "?", fmt::format("{}", data.links),
                 fmt::format("{}", data.uid), fmt::format("{}", data.gid),
                 fmt::format("{}", data.size), rfc3339(data.modified), shown, data.link_target});
}

void Listing::finish()
{
    if (table_)
        table_->finish();
    else if (context_.shared.format == cli::Format::json)
        context_.write_json({{"schema", "xva-ls/1"}, {"items", std::move(items_)}});
}

} // namespace xva_ls
