// SPDX-License-Identifier: GPL-3.0-or-later
// The folder of one image, as its records tell it.
#pragma once

#include <xenlab/drbl/records.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace xenlab::drbl {

struct ImageFile {
    std::string name;
    std::uint64_t size = 0;
    std::int64_t modified = 0;
};

class ImageFiles {
  public:
    /// One of image.files, image.file, image.text, image.log.
    void add(const Record& record);

    [[nodiscard]] const std::vector<ImageFile>& list() const noexcept { return list_; }
    [[nodiscard]] bool has(const std::string& name) const;
    /// Of a small file, or nullptr.
    [[nodiscard]] const std::string* text(const std::string& name) const;
    /// Begin and end of clonezilla-img.
    [[nodiscard]] const std::string& log() const noexcept { return log_; }

  private:
    std::vector<ImageFile> list_;
    std::map<std::string, std::string> texts_;
    std::string pending_, log_;
};

} // namespace xenlab::drbl
