// links: tar
// SPDX-License-Identifier: GPL-3.0-or-later
// The tar reader over any bytes, with each amount of reading ahead; damaged headers are stepped
// over. The same entries must come out however the source hands out its bytes.
#include <xenlab/tar/reader.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

namespace {

using namespace xenlab;

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

std::string listing(std::span<const std::byte> data, std::size_t step, std::size_t ahead)
{
    Dribble source(data, step);
    tar::Reader reader(source, ahead);
    std::string out;
    const auto all_of_it = [&] {
        for (;;)
            try {
                while (const auto header = reader.next()) {
                    out += header->name + " " + std::to_string(header->size) + "\n";
                    std::byte first[700];
                    out += std::to_string(reader.read(first) > 0) + "\n";
                }
                return;
            } catch (const tar::HeaderError& error) {
                out += error.what();
                if (!reader.resync([](const tar::Header&) { return true; }))
                    return;
            }
    };
    try {
        all_of_it();
        out += std::to_string(static_cast<int>(reader.ending()));
        if (const auto garbage = reader.trailing_garbage())
            out += "garbage " + std::to_string(*garbage);
    } catch (const Error& error) {
        out += error.what();
    }
    return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto archive = std::as_bytes(std::span{data, size});
    if (listing(archive, 65536, 65536) != listing(archive, 100, 0))
        std::abort();
    return 0;
}
