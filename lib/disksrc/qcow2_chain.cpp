// SPDX-License-Identifier: GPL-3.0-or-later
#include "qemu_nbd.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/block/raw_image.hpp>
#include <xenlab/bytes/endian.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace xenlab::disksrc {
namespace {

constexpr std::size_t max_chain = 64;
constexpr std::size_t head_size = 64U << 10U; ///< the header, its extensions and the name behind
constexpr std::uint32_t magic = 0x514649FB;
constexpr std::uint32_t backing_format_extension = 0xE2792ACA;
constexpr std::uint64_t data_file_bit = 4; ///< of the incompatible features

std::string read_text(bytes::View head, std::uint64_t offset, std::uint64_t length)
{
    if (offset > head.size() || length > head.size() - offset)
        throw Error(Errc::bad_data, "a damaged qcow2 header: a name outside of its first cluster");
    return {reinterpret_cast<const char*>(head.data()) + offset, // NOLINT: bytes as text
            static_cast<std::size_t>(length)};
}

/// The header extension that says how to read the backing file; empty when there is none.
std::string backing_format(bytes::View head, std::uint32_t version)
{
    std::uint64_t at = version >= 3 ? bytes::be32(head, 100) : 72;
    while (at + 8 <= head.size()) {
        const std::uint32_t type = bytes::be32(head, static_cast<std::size_t>(at));
        const std::uint32_t length = bytes::be32(head, static_cast<std::size_t>(at) + 4);
        if (type == 0)
            break;
        if (type == backing_format_extension)
            return read_text(head, at + 8, length);
        at += 8 + (std::uint64_t{length} + 7) / 8 * 8;
    }
    return {};
}

std::string folder_of(const std::string& path)
{
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? std::string(".")
                                      : path.substr(0, std::max<std::size_t>(slash, 1));
}

std::string real_path(const std::string& path)
{
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                           &std::free);
    if (!real)
        throw system_error(errno, text::printable(path));
    return real.get();
}

struct Backing {
    std::string name;
    std::string format;
};

/// Nothing: no qcow2 image.
struct Head {
    bool qcow2 = false;
    std::optional<Backing> backing;
};

Head read_head(const std::string& path)
{
    block::RawImage file(path);
    std::vector<std::byte> head(std::min<std::uint64_t>(head_size, file.size()));
    file.read(0, head);
    if (head.size() < 72 || bytes::be32(head, 0) != magic)
        return {};
    const std::uint32_t version = bytes::be32(head, 4);
    if (version < 2 || version > 3 || (version == 3 && head.size() < 104))
        throw Error(Errc::bad_data, fmt::format("a qcow image of version {}", version));
    if (version == 3 && (bytes::be64(head, 72) & data_file_bit) != 0)
        throw Error(Errc::precondition, "the qcow2 image keeps its data in another file",
                    "convert it with: qemu-img convert -O raw");
    const std::uint64_t offset = bytes::be64(head, 8);
    if (offset == 0)
        return {.qcow2 = true};
    const std::uint32_t length = bytes::be32(head, 16);
    if (length > 1023)
        throw Error(Errc::bad_data,
                    "a damaged qcow2 header: a backing file name of more than 1023 bytes");
    return {.qcow2 = true,
            .backing = Backing{.name = read_text(head, offset, length),
                               .format = backing_format(head, version)}};
}

[[noreturn]] void refuse(const std::string& name, std::string_view why)
{
    throw Error(Errc::precondition, fmt::format("its backing file {} {}", text::quoted(name), why),
                "if you trust the image, convert it with: qemu-img convert -O raw");
}

} // namespace

std::vector<std::string> check_qcow2_chain(const std::string& path)
{
    std::vector<std::string> chain{real_path(path)};
    const std::string folder = folder_of(chain.front());
    Head head = read_head(chain.front());
    while (head.backing) {
        const std::string& name = head.backing->name;
        if (name.empty() || name.find(':') != std::string::npos ||
            name.find('/') != std::string::npos)
            refuse(name, "is not a file name in the image's own folder");
        const std::string next = real_path(folder + "/" + name);
        if (folder_of(next) != folder)
            refuse(name, "leads out of the image's own folder");
        if (std::find(chain.begin(), chain.end(), next) != chain.end())
            throw Error(Errc::bad_data, fmt::format("{} is its own backing file, in a loop",
                                                    text::printable(next)));
        if (chain.size() >= max_chain)
            throw Error(Errc::bad_data, fmt::format("a chain of more than {} images", max_chain));
        chain.push_back(next);
        const std::string format = head.backing->format;
        if (format == "raw")
            break;
        head = read_head(next);
        if (!head.qcow2)
            refuse(name, "is neither a qcow2 image nor declared to be raw");
        if (!format.empty() && format != "qcow2")
            refuse(name, "is a qcow2 image declared to be something else");
    }
    return chain;
}

} // namespace xenlab::disksrc
