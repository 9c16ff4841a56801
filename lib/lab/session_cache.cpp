// SPDX-License-Identifier: GPL-3.0-or-later
#include "session_cache.hpp"

#include "paths.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/lab/config.hpp>
#include <xenlab/transport/trust.hpp>

#include <fmt/format.h>

#include <unistd.h>

namespace xenlab::lab {
namespace {

constexpr std::size_t max_file = 64U << 10U;

} // namespace

SessionCache::SessionCache(const std::string& user_and_host) : key_(user_and_host)
{
    try {
        folder_ = runtime_dir();
    } catch (const std::exception&) { // NOLINT(bugprone-empty-catch): every run logs in, then
    }
}

std::string SessionCache::read(std::string_view kind) const
{
    if (!usable())
        return {};
    return read_private(folder_ + "/" + file_name_for(kind, key_), max_file).value_or("");
}

std::optional<CachedSession> SessionCache::load() const noexcept
{
    try {
        const std::string content = read("session");
        const auto lines = text::split(content, '\n');
        if (lines.size() < 2 || !lines[1].starts_with("OpaqueRef:"))
            return std::nullopt;
        return CachedSession{Secret(std::string(lines[1])), xapi::parse_endpoint(lines[0])};
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

void SessionCache::store(const Secret& reference, const xapi::Endpoint& coordinator) const noexcept
{
    try {
        if (usable())
            write_private(folder_ + "/" + file_name_for("session", key_),
                          fmt::format("{}\n{}\n",
                                      transport::authority(coordinator.host, coordinator.port),
                                      reference.reveal()));
    } catch (const std::exception&) { // NOLINT(bugprone-empty-catch): only a cache
    }
}

bool SessionCache::forget() const noexcept
{
    try {
        return usable() && ::unlink((folder_ + "/" + file_name_for("session", key_)).c_str()) == 0;
    } catch (const std::exception&) {
        return false;
    }
}

std::vector<xapi::Endpoint> SessionCache::members() const noexcept
{
    std::vector<xapi::Endpoint> all;
    try {
        const std::string content = read("members");
        for (const std::string_view line : text::split(content, '\n'))
            if (!line.empty())
                all.push_back(xapi::parse_endpoint(line));
    } catch (const std::exception&) { // NOLINT(bugprone-empty-catch)
    }
    return all;
}

void SessionCache::store_members(const std::vector<xapi::Endpoint>& members) const noexcept
{
    try {
        std::string content;
        for (const xapi::Endpoint& member : members)
            content += transport::authority(member.host, member.port) + "\n";
        if (usable() && members != this->members())
            write_private(folder_ + "/" + file_name_for("members", key_), content);
    } catch (const std::exception&) { // NOLINT(bugprone-empty-catch)
    }
}

std::string SessionCache::names_file() const
{
    return usable() ? folder_ + "/" + file_name_for("names", key_) : std::string();
}

} // namespace xenlab::lab
