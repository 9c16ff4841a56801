// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/block/mapped_device.hpp>
#include <xenlab/bytes/checked.hpp>

#include <algorithm>

namespace xenlab::block {

MappedDevice::MappedDevice(std::vector<Segment> segments)
{
    for (Segment& segment : segments) {
        if (segment.length == 0)
            continue;
        const auto end = bytes::checked_add(size_, segment.length);
        if (!end || !bytes::checked_add(segment.offset, segment.length))
            throw Error(Errc::bad_data, "a volume claims to be larger than any disk");
        starts_.push_back(size_);
        size_ = *end;
        segments_.push_back(segment);
    }
}

std::vector<Segment> MappedDevice::locate(std::uint64_t offset, std::uint64_t length) const
{
    check_range(size_, offset, length);
    std::vector<Segment> runs;
    auto at = std::upper_bound(starts_.begin(), starts_.end(), offset) - starts_.begin();
    while (length > 0) {
        const auto index = static_cast<std::size_t>(at++) - 1;
        const Segment& segment = segments_[index];
        const std::uint64_t from = offset - starts_[index];
        const std::uint64_t n = std::min(length, segment.length - from);
        runs.push_back({segment.device, segment.offset + from, n});
        offset += n;
        length -= n;
    }
    return runs;
}

void MappedDevice::read(std::uint64_t offset, std::span<std::byte> buffer)
{
    for (const Segment& run : locate(offset, buffer.size())) {
        const auto part = buffer.first(static_cast<std::size_t>(run.length));
        if (run.device != nullptr)
            run.device->read(run.offset, part);
        else
            std::fill(part.begin(), part.end(), std::byte{0});
        buffer = buffer.subspan(part.size());
    }
}

std::vector<Extent> MappedDevice::extents(std::uint64_t offset, std::uint64_t length)
{
    std::vector<Extent> all;
    for (const Segment& run : locate(offset, length)) {
        if (run.device == nullptr) {
            all.push_back({offset, run.length, true});
        } else {
            for (Extent extent : run.device->extents(run.offset, run.length)) {
                extent.offset = extent.offset - run.offset + offset;
                all.push_back(extent);
            }
        }
        offset += run.length;
    }
    return all;
}

bool MappedDevice::writable() const noexcept
{
    return std::all_of(segments_.begin(), segments_.end(), [](const Segment& segment) {
        return segment.device != nullptr && segment.device->writable();
    });
}

void MappedDevice::write(std::uint64_t offset, std::span<const std::byte> data)
{
    if (!writable())
        throw Error(Errc::precondition, "the volume is read-only");
    for (const Segment& run : locate(offset, data.size())) {
        run.device->write(run.offset, data.first(static_cast<std::size_t>(run.length)));
        data = data.subspan(static_cast<std::size_t>(run.length));
    }
}

void MappedDevice::flush()
{
    for (const Segment& segment : segments_)
        if (segment.device != nullptr)
            segment.device->flush();
}

} // namespace xenlab::block
