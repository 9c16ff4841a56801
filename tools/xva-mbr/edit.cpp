// SPDX-License-Identifier: GPL-3.0-or-later
#include "edit.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/block/disk_sink.hpp>
#include <xenlab/block/overlay.hpp>
#include <xenlab/block/raw_image.hpp>
#include <xenlab/bytes/endian.hpp>
#include <xenlab/disksrc/commit.hpp>
#include <xenlab/disksrc/disk_source.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace xva_mbr {

using namespace xenlab;

namespace {

// The master boot record: boot code 0, disk signature 440, four entries of 16 bytes at 446 (status,
// CHS, type at 4), 55 AA at 510. (Windows and Linux agree; UEFI specification, 5.2.1.)
constexpr std::size_t sector_size = 512;
constexpr std::size_t code_size = 440;
constexpr std::size_t signature_at = 440;
constexpr std::size_t entries_at = 446;
constexpr std::size_t entry_size = 16;
constexpr std::size_t type_at = 4;
constexpr std::byte active_flag{0x80};
constexpr std::byte protective_type{0xEE};

using Sector = std::array<std::byte, sector_size>;

std::byte& entry(Sector& sector, int number, std::size_t at)
{
    return sector.at(entries_at + static_cast<std::size_t>(number - 1) * entry_size + at);
}

void refuse_gpt(Sector& sector, std::string_view what)
{
    for (int number = 1; number <= 4; ++number)
        if (entry(sector, number, type_at) == protective_type)
            throw Error(Errc::precondition,
                        fmt::format("the disk has a GPT, which knows no {}", what));
}

void set_active(Sector& sector, int active)
{
    refuse_gpt(sector, "active partition");
    if (active > 0 && entry(sector, active, type_at) == std::byte{0})
        throw Error(Errc::not_found, fmt::format("there is no partition {}", active));
    for (int number = 1; number <= 4; ++number)
        entry(sector, number, 0) = number == active ? active_flag : std::byte{0};
}

std::uint32_t parse_signature(std::string_view text)
{
    std::string_view digits = text;
    if (digits.starts_with("0x") || digits.starts_with("0X"))
        digits.remove_prefix(2);
    std::uint32_t value = 0;
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (failure != std::errc() || end != digits.data() + digits.size() || digits.size() != 8)
        throw Error(Errc::usage,
                    fmt::format("--signature takes eight hex digits, not {}", text::quoted(text)));
    return value;
}

void set_signature(Sector& sector, std::uint32_t signature)
{
    refuse_gpt(sector, "disk signature");
    for (std::size_t i = 0; i < 4; ++i)
        sector.at(signature_at + i) = std::byte(signature >> (8 * i) & 0xFFU);
}

/// 440 bytes at the most, or a whole sector of which the rest is left out.
void set_boot_code(Sector& sector, const std::string& path)
{
    block::RawImage file(path);
    if (file.size() == 0 || (file.size() > code_size && file.size() != sector_size))
        throw Error(Errc::precondition,
                    fmt::format("{}: boot code has 1 to 440 bytes, or is a sector of 512, not {}",
                                text::printable(path), file.size()));
    std::array<std::byte, code_size> code{};
    file.read(0, std::span(code).first(
                     static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), code_size))));
    std::copy(code.begin(), code.end(), sector.begin());
}

void apply(const EditOptions& options, block::BlockDevice& disk)
{
    Sector sector{};
    if (disk.size() < sector.size())
        throw Error(Errc::precondition, "the disk is smaller than a sector");
    disk.read(0, sector);
    if (sector[510] != std::byte{0x55} || sector[511] != std::byte{0xAA})
        throw Error(Errc::precondition, "the disk has no master boot record");
    if (options.active >= 0)
        set_active(sector, options.active);
    if (!options.signature.empty())
        set_signature(sector, parse_signature(options.signature));
    if (!options.boot_code.empty())
        set_boot_code(sector, options.boot_code);
    disk.write(0, sector);
}

} // namespace

int edit(const EditOptions& options, const std::string& name, const std::string& disk,
         std::uint64_t memory_limit, cli::Context& context)
{
    if (!options.signature.empty())
        parse_signature(options.signature);
    disksrc::CommitOptions commit{
        .open = {.window_limit = memory_limit,
                 .timeout = context.shared.timeout,
                 .stop = context.stop,
                 .damaged = [](const std::string& words) { throw Error(Errc::bad_data, words); },
                 .warn = [&context](const std::string& words) { context.warning(words); }}};
    if (options.in_place)
        disksrc::check_in_place(name, commit);
    if (disksrc::comes_once(name))
        throw Error(Errc::precondition, "a source that streams by cannot be changed",
                    "save it to a file first");
    const auto source = disksrc::open_disks(name, commit.open);
    if (source->stream() != nullptr)
        source->fetch_on_demand(); // a disk of a pool
    const std::size_t chosen = disksrc::choose_disk(source->disks(), disk);
    block::BlockDevice* const device = source->device(chosen);
    if (device == nullptr)
        throw Error(Errc::precondition,
                    fmt::format("{}: compressed data cannot be changed", text::printable(name)),
                    "decompress it to a file first");
    block::Overlay overlay(*device, {.page_size = sector_size});
    apply(options, overlay);
    const disksrc::DiskEdit change{.disk = chosen, .overlay = &overlay};
    if (options.in_place) {
        commit.close_source = [&source] { source->close(); };
        disksrc::commit_in_place(name, {&change, 1}, commit);
    } else if (context.shared.output != "-")
        disksrc::commit_to_file(name, {&change, 1}, context.shared.output, commit);
    else
        disksrc::commit_to_stream(name, {&change, 1}, context.out(cli::Context::Content::binary),
                                  commit);
    return 0;
}

} // namespace xva_mbr
