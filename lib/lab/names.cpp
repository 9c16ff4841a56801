// SPDX-License-Identifier: GPL-3.0-or-later
// A line a name: class, uuid, words and name, separated by tabs. Names with control characters are
// left out: no shell can complete them anyway.
#include "paths.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/lab/config.hpp>
#include <xenlab/lab/names.hpp>

#include <fmt/format.h>

#include <algorithm>

#include <sys/stat.h>

namespace xenlab::lab {
namespace {

constexpr std::size_t max_file = 16U << 20U;
constexpr std::chrono::seconds fresh{60};
constexpr std::chrono::hours any_age{24 * 30};

bool plain(std::string_view text)
{
    return std::all_of(text.begin(), text.end(),
                       [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
}

std::vector<KnownName> parse(std::string_view content)
{
    std::vector<KnownName> names;
    for (const std::string_view line : text::split(content, '\n')) {
        const auto cells = text::split(line, '\t');
        if (cells.size() == 4)
            names.push_back({.class_name = std::string(cells[0]),
                             .name = std::string(cells[3]),
                             .uuid = std::string(cells[1]),
                             .words = std::string(cells[2])});
    }
    return names;
}

std::vector<KnownName> of_class(const std::optional<std::vector<KnownName>>& names,
                                std::string_view class_name)
{
    std::vector<KnownName> found;
    if (names)
        for (const KnownName& name : *names)
            if (name.class_name == class_name)
                found.push_back(name);
    return found;
}

} // namespace

void remember_names(const std::string& file, const std::string& class_name,
                    const std::vector<KnownName>& names) noexcept
{
    try {
        if (file.empty())
            return;
        std::string content;
        const auto add = [&](const KnownName& known, const std::string& of) {
            if (plain(known.name) && plain(known.words))
                content += fmt::format("{}\t{}\t{}\t{}\n", of, known.uuid, known.words, known.name);
        };
        for (const KnownName& known : parse(read_private(file, max_file).value_or("")))
            if (known.class_name != class_name)
                add(known, known.class_name);
        for (const KnownName& known : names)
            add(known, class_name);
        write_private(file, content);
    } catch (const std::exception&) { // NOLINT(bugprone-empty-catch)
    }
}

std::optional<std::vector<KnownName>> known_names(const std::string& file,
                                                  std::chrono::seconds most_age) noexcept
{
    try {
        struct stat info {};
        if (file.empty() || ::stat(file.c_str(), &info) != 0)
            return std::nullopt;
        const auto age = std::chrono::system_clock::now() -
                         std::chrono::system_clock::from_time_t(info.st_mtime);
        if (age > most_age)
            return std::nullopt;
        const auto content = read_private(file, max_file);
        return content ? std::optional(parse(*content)) : std::nullopt;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

std::string names_file_of(std::string_view kind, std::string_view key) noexcept
{
    try {
        return runtime_dir() + "/" + file_name_for(kind, key);
    } catch (const std::exception&) {
        return {};
    }
}

std::vector<KnownName> names_for_completion(const std::string& file, std::string_view class_name,
                                            const std::function<void()>& refresh)
{
    std::vector<KnownName> names = of_class(known_names(file, fresh), class_name);
    if (!names.empty())
        return names;
    try {
        refresh();
    } catch (
        const std::exception&) { // NOLINT(bugprone-empty-catch): old names are better than none
    }
    return of_class(known_names(file, any_age), class_name);
}

} // namespace xenlab::lab
