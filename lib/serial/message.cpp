// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/serial/message.hpp>

#include <array>
#include <limits>

namespace xenlab::serial {
namespace {

// char may alias any object.
std::string to_text(View value)
{
    return {reinterpret_cast<const char*>(value.data()), value.size()};
}

} // namespace

Message& Message::add(Tag tag, View value)
{
    if (value.size() > std::numeric_limits<std::uint16_t>::max())
        throw std::length_error("a field of an SL1 message is too long");
    const std::size_t at = body_.size();
    body_.resize(at + 3);
    bytes::store_le(std::span(body_), at, static_cast<std::uint8_t>(tag));
    bytes::store_le(std::span(body_), at + 1, static_cast<std::uint16_t>(value.size()));
    body_.insert(body_.end(), value.begin(), value.end());
    return *this;
}

Message& Message::add(Tag tag, std::string_view value)
{
    return add(tag, std::as_bytes(std::span(value)));
}

Message& Message::add_u32(Tag tag, std::uint32_t value)
{
    std::array<std::byte, 4> field{};
    bytes::store_le(std::span(field), 0, value);
    return add(tag, View(field));
}

Message& Message::add_u64(Tag tag, std::uint64_t value)
{
    std::array<std::byte, 8> field{};
    bytes::store_le(std::span(field), 0, value);
    return add(tag, View(field));
}

std::optional<Fields> Fields::parse(View body)
{
    Fields found;
    std::size_t at = 0;
    while (at < body.size()) {
        if (body.size() - at < 3)
            return std::nullopt;
        const auto tag = static_cast<Tag>(bytes::u8(body, at));
        const std::size_t length = bytes::le16(body, at + 1);
        if (length > body.size() - at - 3)
            return std::nullopt;
        found.fields_.push_back({tag, body.subspan(at + 3, length)});
        at += 3 + length;
    }
    return found;
}

View Fields::bytes(Tag tag) const
{
    for (const Field& field : fields_)
        if (field.tag == tag)
            return field.value;
    return {};
}

bool Fields::has(Tag tag) const
{
    for (const Field& field : fields_)
        if (field.tag == tag)
            return true;
    return false;
}

std::optional<std::string> Fields::text(Tag tag) const
{
    if (!has(tag))
        return std::nullopt;
    return to_text(bytes(tag));
}

std::vector<std::string> Fields::all(Tag tag) const
{
    std::vector<std::string> found;
    for (const Field& field : fields_)
        if (field.tag == tag)
            found.push_back(to_text(field.value));
    return found;
}

std::optional<std::uint32_t> Fields::u32(Tag tag) const
{
    const View value = bytes(tag);
    if (value.size() != 4)
        return std::nullopt;
    return xenlab::bytes::le32(value, 0);
}

std::optional<std::uint64_t> Fields::u64(Tag tag) const
{
    const View value = bytes(tag);
    if (value.size() != 8)
        return std::nullopt;
    return xenlab::bytes::le64(value, 0);
}

} // namespace xenlab::serial
