// links: io
// SPDX-License-Identifier: GPL-3.0-or-later
// gzip and zstd over any bytes: the same content or failure in large and in small reads.
#include <xenlab/io/decompress.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace xenlab;

constexpr std::size_t most_content = 4U << 20U; // a bomb need not go off to its end

class Dribble final : public io::ByteSource {
  public:
    Dribble(std::span<const std::byte> data, std::size_t step) : source_(data), step_(step) {}
    std::size_t read(std::span<std::byte> buffer) override
    {
        return source_.read(buffer.first(std::min(buffer.size(), step_)));
    }
    [[nodiscard]] std::uint64_t position() const override { return source_.position(); }

  private:
    io::MemorySource source_;
    std::size_t step_;
};

struct Result {
    std::vector<std::byte> content;
    bool ended = false; ///< cleanly
};

Result inflate(std::span<const std::byte> data, io::Compression compression, std::size_t in,
               std::size_t out)
{
    Result result;
    try {
        const auto source =
            io::decompress(std::make_unique<Dribble>(data, in), compression, {.window = 8U << 20U});
        std::vector<std::byte> buffer(out);
        while (const std::size_t n = source->read(buffer)) {
            result.content.insert(result.content.end(), buffer.begin(),
                                  buffer.begin() + static_cast<std::ptrdiff_t>(n));
            if (result.content.size() > most_content)
                return result;
        }
        if (source->read(buffer) != 0)
            std::abort();
        result.ended = true;
    } catch (const Error&) {
    }
    return result;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto input = std::as_bytes(std::span{data, size});
    io::Compression compression = io::detect_compression(input);
    if (compression == io::Compression::none)
        compression = size % 2 == 0 ? io::Compression::gzip : io::Compression::zstd;
    const Result large = inflate(input, compression, 1U << 20U, 1U << 16U);
    if (large.content.size() > most_content)
        return 0;
    const Result small = inflate(input, compression, 3, 1000);
    if (large.ended != small.ended || (large.ended && large.content != small.content))
        std::abort();
    return 0;
}
