// SPDX-License-Identifier: GPL-3.0-or-later
#include "rfb.hpp"

#include <xenlab/base/error.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace xvm::rfb {

using namespace xenlab;

namespace {

constexpr std::size_t largest_side = 16384;

/// Puts a rectangle of 32-bit pixels into the picture, and says whether it is inside.
void draw(Picture& picture, std::span<const std::byte> head, const Bytes& pixels)
{
    const std::size_t x = be16(head, 0), y = be16(head, 2), width = be16(head, 4),
                      height = be16(head, 6);
    if (x + width > picture.width || y + height > picture.height)
        throw Error(Errc::bad_data, "the console draws outside of its screen");
    for (std::size_t row = 0; row < height; ++row)
        for (std::size_t column = 0; column < width; ++column)
            std::copy_n(pixels.begin() + static_cast<std::ptrdiff_t>(4 * (row * width + column)), 3,
                        picture.rgb.begin() + static_cast<std::ptrdiff_t>(
                                                  3 * ((y + row) * picture.width + x + column)));
}

void resize(Picture& picture, std::uint16_t width, std::uint16_t height)
{
    if (width == 0 || height == 0 || width > largest_side || height > largest_side)
        throw Error(Errc::bad_data, "the console has an impossible screen");
    picture = {.width = width, .height = height};
    picture.rgb.resize(std::size_t{3} * width * height);
}

/// One FramebufferUpdate; returns the pixels drawn, or nothing when the screen has another size
/// now.
std::optional<std::size_t> read_update(Channel& server, Picture& picture, TimePoint deadline)
{
    std::size_t drawn = 0;
    const Bytes head = read_bytes(server, 3, deadline);
    for (unsigned n = be16(head, 1); n > 0; --n) {
        const Bytes rectangle = read_bytes(server, 12, deadline);
        const auto encoding = static_cast<std::int32_t>(be32(rectangle, 8));
        if (encoding == desktop_size) {
            resize(picture, be16(rectangle, 4), be16(rectangle, 6));
            return std::nullopt;
        }
        if (encoding != raw)
            throw Error(Errc::bad_data, "the console sends an encoding that was not asked for");
        const std::size_t area = std::size_t{be16(rectangle, 4)} * be16(rectangle, 6);
        if (area > picture.rgb.size() / 3)
            throw Error(Errc::bad_data, "the console draws outside of its screen");
        draw(picture, rectangle, read_bytes(server, 4 * area, deadline));
        drawn += area;
    }
    return drawn;
}

} // namespace

Picture take_picture(Channel& server, Screen screen, TimePoint deadline)
{
    Picture picture;
    resize(picture, screen.width, screen.height);
    server.write(set_pixel_format_32(), {}, deadline);
    server.write(set_encodings(std::array{raw, desktop_size}), {}, deadline);
    server.write(update_request(false, picture.width, picture.height), {}, deadline);
    std::size_t drawn = 0;
    while (drawn < picture.rgb.size() / 3) {
        switch (std::to_integer<int>(read_bytes(server, 1, deadline).front())) {
        case 0: {
            const auto more = read_update(server, picture, deadline);
            drawn = more ? drawn + *more : 0;
            if (!more)
                server.write(update_request(false, picture.width, picture.height), {}, deadline);
            break;
        }
        case 1: { // colours of a map, which we do not use
            const Bytes head = read_bytes(server, 5, deadline);
            read_bytes(server, std::size_t{6} * be16(head, 3), deadline);
            break;
        }
        case 2:
            break; // bell
        case 3: {
            const Bytes head = read_bytes(server, 7, deadline);
            read_bytes(server, std::min<std::size_t>(be32(head, 3), 1U << 20U), deadline);
            break;
        }
        default:
            throw Error(Errc::bad_data, "the console sends a message that was not asked for");
        }
    }
    return picture;
}

} // namespace xvm::rfb
