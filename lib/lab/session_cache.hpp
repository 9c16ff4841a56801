// SPDX-License-Identifier: GPL-3.0-or-later
// The login of one run for the next one, so that a command costs no login of its own.
#pragma once

#include <xenlab/base/secret.hpp>
#include <xenlab/xapi/session.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::lab {

struct CachedSession {
    Secret reference;
    xapi::Endpoint coordinator;
};

/// Files in runtime_dir(), 0600, one for each user and host; nothing is cached where that folder
/// cannot be made. Never throws.
class SessionCache {
  public:
    explicit SessionCache(const std::string& user_and_host);

    [[nodiscard]] bool usable() const noexcept { return !folder_.empty(); }
    [[nodiscard]] std::optional<CachedSession> load() const noexcept;
    void store(const Secret& reference, const xapi::Endpoint& coordinator) const noexcept;
    /// True when there was one.
    bool forget() const noexcept;

    [[nodiscard]] std::vector<xapi::Endpoint> members() const noexcept;
    void store_members(const std::vector<xapi::Endpoint>& members) const noexcept;

    [[nodiscard]] std::string names_file() const;

  private:
    [[nodiscard]] std::string read(std::string_view kind) const;

    std::string folder_; ///< empty: none
    std::string key_;
};

} // namespace xenlab::lab
