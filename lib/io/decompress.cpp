// SPDX-License-Identifier: GPL-3.0-or-later
#include "inflater.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/bytes/endian.hpp>
#include <xenlab/io/decompress.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace xenlab::io {

std::string_view name_of(Compression compression) noexcept
{
    switch (compression) {
    case Compression::none:
        return "none";
    case Compression::gzip:
        return "gzip";
    case Compression::zstd:
        return "zstd";
    }
    return "none";
}

Compression detect_compression(std::span<const std::byte> head) noexcept
{
    if (head.size() >= 2 && bytes::be16(head, 0) == 0x1F8B) // RFC 1952, 2.3.1
        return Compression::gzip;
    if (head.size() < 4)
        return Compression::none;
    const std::uint32_t magic = bytes::le32(head, 0); // RFC 8878, 3.1.1 and 3.1.2
    if (magic == 0xFD2FB528 || (magic & 0xFFFFFFF0U) == 0x184D2A50)
        return Compression::zstd;
    return Compression::none;
}

namespace {

class Decompressor final : public ByteSource {
  public:
    Decompressor(std::unique_ptr<ByteSource> source, std::unique_ptr<Inflater> inflater,
                 std::string_view name)
        : source_(std::move(source)), inflater_(std::move(inflater)), name_(name), input_(1U << 17U)
    {
    }

    std::size_t read(std::span<std::byte> buffer) override;
    [[nodiscard]] std::uint64_t position() const override { return source_->position(); }

  private:
    void refill(std::size_t least);
    bool next_member();
    [[nodiscard]] std::span<const std::byte> pending() const
    {
        return std::span<const std::byte>(input_).subspan(begin_, end_ - begin_);
    }

    std::unique_ptr<ByteSource> source_;
    std::unique_ptr<Inflater> inflater_;
    std::string_view name_;
    std::vector<std::byte> input_;
    std::size_t begin_ = 0, end_ = 0; ///< undecoded part of input_
    bool in_member_ = false;
    bool first_ = true;
    bool ended_ = false;
};

/// At least `least` bytes in pending(), unless the source ends.
void Decompressor::refill(std::size_t least)
{
    if (end_ - begin_ >= least)
        return;
    std::copy(input_.begin() + static_cast<std::ptrdiff_t>(begin_),
              input_.begin() + static_cast<std::ptrdiff_t>(end_), input_.begin());
    end_ -= begin_;
    begin_ = 0;
    while (end_ < least) {
        const std::size_t n = source_->read(std::span(input_).subspan(end_));
        if (n == 0)
            break;
        end_ += n;
    }
}

/// Moves to the next member; false at a clean end.
bool Decompressor::next_member()
{
    refill(4);
    if (!first_) { // padding, as tape drives and some object stores leave it
        while (begin_ < end_ && pending().front() == std::byte{0}) {
            ++begin_;
            refill(4);
        }
        if (begin_ == end_)
            return false;
        inflater_->reset();
    }
    if (!inflater_->starts_member(pending())) {
        if (!first_)
            throw StreamError(Damage::trailing,
                              fmt::format("garbage after the end of the {} data", name_));
        if (pending().size() < 4)
            throw StreamError(
                Damage::truncated,
                fmt::format("the {} data is cut off after {} bytes", name_, source_->position()));
        throw StreamError(Damage::corrupt, fmt::format("this is no {} data", name_));
    }
    first_ = false;
    in_member_ = true;
    return true;
}

std::size_t Decompressor::read(std::span<std::byte> buffer)
{
    while (!ended_ && !buffer.empty()) {
        if (!in_member_ && !next_member()) {
            ended_ = true;
            break;
        }
        const Inflater::Step step = inflater_->step(pending(), buffer);
        begin_ += step.consumed;
        in_member_ = !step.member_ended;
        if (step.produced > 0)
            return step.produced;
        if (!in_member_ || step.consumed > 0)
            continue;
        const std::size_t before = end_ - begin_;
        refill(before + 1);
        if (end_ - begin_ == before)
            throw StreamError(
                Damage::truncated,
                fmt::format("the {} data is cut off after {} bytes", name_, source_->position()));
    }
    return 0;
}

} // namespace

std::unique_ptr<ByteSource> decompress(std::unique_ptr<ByteSource> source, Compression compression,
                                       const DecompressLimits& limits)
{
    if (compression == Compression::none)
        return source;
    auto inflater =
        compression == Compression::gzip ? make_gzip_inflater() : make_zstd_inflater(limits);
    return std::make_unique<Decompressor>(std::move(source), std::move(inflater),
                                          name_of(compression));
}

} // namespace xenlab::io
