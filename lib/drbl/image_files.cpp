// SPDX-License-Identifier: GPL-3.0-or-later
#include "image_files.hpp"

#include <xenlab/base/text.hpp>

#include <algorithm>

namespace xenlab::drbl {

void ImageFiles::add(const Record& record)
{
    if (record.key == "image.file") {
        pending_ = record.text;
    } else if (record.key == "image.text") {
        texts_[pending_] = record.text;
    } else if (record.key == "image.log") {
        log_ = record.text;
    } else if (record.key == "image.files") {
        for (const std::string_view line : text::split(record.text, '\n')) {
            const std::size_t first = line.find(' ');
            const std::size_t second = first == line.npos ? line.npos : line.find(' ', first + 1);
            if (second == line.npos)
                continue;
            const auto size = text::parse_u64(line.substr(0, first));
            const auto modified = text::parse_u64(line.substr(first + 1, second - first - 1));
            // A size beyond any disk would make sums overflow.
            if (size && modified && *size < (1ULL << 50U) && *modified < (1ULL << 50U))
                list_.push_back({std::string(line.substr(second + 1)), *size,
                                 static_cast<std::int64_t>(*modified)});
        }
    }
}

bool ImageFiles::has(const std::string& name) const
{
    return std::any_of(list_.begin(), list_.end(),
                       [&](const ImageFile& file) { return file.name == name; });
}

const std::string* ImageFiles::text(const std::string& name) const
{
    const auto it = texts_.find(name);
    return it == texts_.end() ? nullptr : &it->second;
}

} // namespace xenlab::drbl
