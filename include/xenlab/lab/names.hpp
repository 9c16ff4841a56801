// SPDX-License-Identifier: GPL-3.0-or-later
// Names of a pool's objects, kept between runs so that completion needs no network.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::lab {

struct KnownName {
    std::string class_name; ///< "VM", "host", "SR", "snapshot", "ISO"…
    std::string name;
    std::string uuid;
    std::string words; ///< "running", for shells that show descriptions
};

/// Replaces the names of one class in the file (0600). Never throws: it is only a cache.
void remember_names(const std::string& file, const std::string& class_name,
                    const std::vector<KnownName>& names) noexcept;

/// What is in the file, all classes; nothing if it is missing, damaged, not ours or older than
/// `most_age`. Never throws.
std::optional<std::vector<KnownName>> known_names(const std::string& file,
                                                  std::chrono::seconds most_age) noexcept;

/// The file for the names of something that is no pool ("drbl", "root@drbl.lab"); empty when there
/// is no place for it.
std::string names_file_of(std::string_view kind, std::string_view key) noexcept;

/// For TAB: the names of one class in the file while they are a minute old at most; else `refresh`
/// is called, which asks the server and remembers what it says, and those are taken that are there
/// then, however old. What `refresh` throws means that it could not.
std::vector<KnownName> names_for_completion(const std::string& file, std::string_view class_name,
                                            const std::function<void()>& refresh);

} // namespace xenlab::lab
