// SPDX-License-Identifier: GPL-3.0-or-later
// Which boot loader wrote the boot code, told by its opening instructions and its messages. Windows
// is told by instructions alone: its messages are translated.
#include "mbr.hpp"
#include "sight.hpp"

#include <algorithm>
#include <string_view>

namespace xenlab::partition {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t boot_code_size = 440;

struct Signature {
    std::string_view name;
    std::string_view opening; ///< at byte 0
    std::string_view text;    ///< anywhere behind it; empty: no need
};

constexpr auto grub_messages = "GRUB \0Geom\0Hard Disk\0Read\0 Error"sv;

constexpr Signature signatures[] = {
    // jmp over the BIOS parameter block; its length tells the generations apart.
    {"grub2", "\xEB\x63"sv, grub_messages},
    {"grub2", "\xEB\x4C"sv, grub_messages}, // before 1.97
    {"grub-legacy", "\xEB\x48"sv, grub_messages},
    // xor ax,ax; mov ss,ax; mov sp,7C00h; then NT 6 sets es and ds at once, NT 5 enables interrupts
    // first.
    {"windows-nt6", "\x33\xC0\x8E\xD0\xBC\x00\x7C\x8E\xC0\x8E\xD8\xBE\x00\x7C\xBF\x00\x06"sv, {}},
    {"windows-nt5", "\x33\xC0\x8E\xD0\xBC\x00\x7C\xFB\x50\x07\x50\x1F\xFC\xBE\x1B\x7C"sv, {}},
    {"windows-9x", "\x33\xC0\x8E\xD0\xBC\x00\x7C\xFB\x50\x07\x50\x1F\xFC\x50\xBE\x00\x7C"sv, {}},
    // mbr.bin, altmbr.bin and gptmbr.bin: xor ax,ax; cli; mov ds,ax; mov ss,ax; mov sp,7C00h; mov
    // si,sp
    {"syslinux", "\x33\xC0\xFA\x8E\xD8\x8E\xD0\xBC\x00\x7C\x89\xE6\x06\x57\x8E\xC0"sv, {}},
    // isohdp[fp]x*.bin: xor bp,bp or a Macintosh driver map with the same code behind it
    {"isolinux", "\x33\xED"sv, "isolinux.bin"sv},
    {"isolinux", "ER\x08\x00\x00\x00\x90\x90"sv, "isolinux.bin"sv},
    {"lilo", "\xFA\xEB"sv, "LILO"sv},
};

} // namespace

std::string_view boot_code(bytes::View sector)
{
    const bytes::View code = sector.first(std::min(sector.size(), boot_code_size));
    if (std::all_of(code.begin(), code.end(), [](std::byte b) { return b == std::byte{0}; }))
        return "none";
    const std::string_view text = as_text(code);
    for (const Signature& s : signatures)
        if (text.starts_with(s.opening) && text.find(s.text) != std::string_view::npos)
            return s.name;
    return "unknown";
}

} // namespace xenlab::partition
