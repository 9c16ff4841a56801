// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/text.hpp>
#include <xenlab/bytes/endian.hpp>
#include <xenlab/tar/header.hpp>
#include <xenlab/xva/member.hpp>
#include <xenlab/xva/walker.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace xenlab::xva {
namespace {

struct Magic {
    std::size_t at;
    std::string_view bytes;
    std::string_view words;
};

// What people save or rename as .xva by mistake.
constexpr std::array magics{
    Magic{0, "conectix", "a VHD disk image"},
    Magic{0, "QFI\xfb", "a qcow disk image"},
    Magic{0, "KDMV", "a VMDK disk image"},
    Magic{0, "# Disk DescriptorFile", "a VMDK descriptor"},
    Magic{0, "vhdxfile", "a VHDX disk image"},
    Magic{0, "PK\x03\x04", "a ZIP archive"},
    Magic{0, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive"},
    Magic{0,
          "\xfd"
          "7zXZ",
          "xz-compressed data (decompress it first)"},
    Magic{0, "BZh", "bzip2-compressed data (decompress it first)"},
    Magic{0, "\x1f\x8b", "gzip-compressed data inside the compressed data"},
    Magic{0, "\x28\xb5\x2f\xfd", "zstd-compressed data inside the compressed data"},
    Magic{0, "LZIP", "lzip-compressed data (decompress it first)"},
    Magic{0, "\x04\x22\x4d\x18", "LZ4-compressed data (decompress it first)"},
    Magic{0, "Rar!", "a RAR archive"},
    Magic{0, "%PDF", "a PDF document"},
    Magic{0,
          "\x7f"
          "ELF",
          "an ELF program"},
    Magic{0, "-----BEGIN ", "PEM or PGP text"},
};

std::string_view as_text(std::span<const std::byte> data)
{
    return {reinterpret_cast<const char*>(data.data()), data.size()}; // NOLINT: bytes as text
}

bool looks_like_text(std::string_view head)
{
    head = head.substr(0, 256);
    return !head.empty() && std::all_of(head.begin(), head.end(), [](char c) {
        const auto u = static_cast<unsigned char>(c);
        return u >= 0x20 || c == '\t' || c == '\n' || c == '\r';
    });
}

std::string html_title(std::string_view page)
{
    const std::string lower = text::to_lower(page);
    const std::size_t start = lower.find("<title");
    const std::size_t open = start == std::string::npos ? start : lower.find('>', start);
    const std::size_t end = open == std::string::npos ? open : lower.find("</title", open);
    if (end == std::string::npos)
        return {};
    return fmt::format(" titled {}",
                       text::quoted(text::trim(page.substr(open + 1, end - open - 1))));
}

std::string describe_text(std::string_view head)
{
    const std::string start = text::to_lower(text::trim(head).substr(0, 64));
    if (start.starts_with("<!doctype html") || start.starts_with("<html"))
        return "an HTML page" + html_title(head);
    if (start.find("<appliance") != std::string::npos)
        return "the ova.xml of an XVA version 0.1, which is a directory";
    if (start.starts_with("<?xml") || start.starts_with("<"))
        return fmt::format("an XML document, {}", text::quoted(text::trim(head), 60));
    if (start.starts_with("{") || start.starts_with("["))
        return fmt::format("a JSON document, {}", text::quoted(text::trim(head), 60));
    const std::string_view line = text::trim(head.substr(0, head.find('\n')));
    return fmt::format("text, {}", text::quoted(line, 60));
}

} // namespace

std::string foreign_format(std::span<const std::byte> head)
{
    if (head.empty())
        return "empty";
    const std::string_view text = as_text(head);
    for (const Magic& magic : magics)
        if (text.substr(std::min(magic.at, text.size())).starts_with(magic.bytes))
            return std::string(magic.words);
    if (head.size() >= tar::block_size) {
        const auto header = tar::parse_header(head.first(tar::block_size));
        if (header && parse_member(header->name, header->type).kind != MemberKind::foreign)
            return {};
        if (header)
            return fmt::format("a tar archive, but its first entry is {} instead of ova.xml{}",
                               text::quoted(header->name, 60),
                               header->name.ends_with(".ovf") ? " (an OVA)" : "");
    }
    if (looks_like_text(text))
        return describe_text(text);
    return {};
}

std::string describe_foreign(std::span<const std::byte> head)
{
    std::string format = foreign_format(head);
    if (!format.empty() || head.size() < tar::block_size)
        return format;
    if (tar::is_zero(head.first(tar::block_size)))
        return "nothing but zeros at the start";
    if (head.size() >= 512 && bytes::be16(head, 510) == 0x55AA)
        return "a raw disk image (it starts with a boot sector)";
    return {};
}

} // namespace xenlab::xva
