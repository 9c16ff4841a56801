// SPDX-License-Identifier: GPL-3.0-or-later
// noVNC as the system's package has installed it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace xvm {

struct WebFile {
    std::string_view type; ///< for Content-Type
    std::string content;
};

/// What may be served: the names are collected once, and a request must be exactly one of them. So
/// no path that somebody sends is ever opened. Thread-safe after construction.
class WebFiles {
  public:
    /// From the first "novnc" in $XDG_DATA_DIRS. Throws Error{not_found} that names the package.
    WebFiles();

    /// `name` as "app/ui.js"; nothing when there is no such file. Throws Error when it cannot be
    /// read.
    [[nodiscard]] std::optional<WebFile> find(std::string_view name) const;

  private:
    void collect(const std::string& folder);

    struct Entry {
        std::string path;
        std::string_view type;
    };
    std::map<std::string, Entry, std::less<>> entries_;
};

} // namespace xvm
