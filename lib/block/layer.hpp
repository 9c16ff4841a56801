// SPDX-License-Identifier: GPL-3.0-or-later
// One file of a chain of images: says of each of its disk's bytes whether it has them, and where.
#pragma once

#include <xenlab/block/block_device.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace xenlab::block {

class Layer {
  public:
    /// The bytes from some place on have one answer for so long.
    struct Run {
        std::uint64_t length = 0;
        std::optional<std::uint64_t> at; ///< where in file(); nothing: ask the layer below
    };

    virtual ~Layer() = default;
    Layer(const Layer&) = delete;
    Layer& operator=(const Layer&) = delete;

    [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;

    /// [offset, offset + length) must lie inside size(), length > 0. The run is at least one byte
    /// and at most `length` long.
    virtual Run locate(std::uint64_t offset, std::uint64_t length) = 0;

    [[nodiscard]] virtual BlockDevice& file() noexcept = 0;

    /// The disk lies in file() as it is, whose holes are then the disk's.
    [[nodiscard]] virtual bool flat() const noexcept = 0;

  protected:
    Layer() = default;
};

/// A file that is the disk.
class RawLayer final : public Layer {
  public:
    explicit RawLayer(std::unique_ptr<BlockDevice> file) : file_(std::move(file)) {}
    [[nodiscard]] std::uint64_t size() const noexcept override { return file_->size(); }
    Run locate(std::uint64_t offset, std::uint64_t length) override
    {
        return {.length = length, .at = offset};
    }
    [[nodiscard]] BlockDevice& file() noexcept override { return *file_; }
    [[nodiscard]] bool flat() const noexcept override { return true; }

  private:
    std::unique_ptr<BlockDevice> file_;
};

} // namespace xenlab::block
