// SPDX-License-Identifier: GPL-3.0-or-later
#include "image_files.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/drbl/image.hpp>
#include <xenlab/drbl/names.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace xenlab::drbl {
namespace {

std::vector<std::string> words_of(std::string_view text)
{
    std::vector<std::string> words;
    for (const std::string_view line : text::split(text, '\n'))
        for (const std::string_view word : text::split(line, ' '))
            if (!text::trim(word).empty())
                words.emplace_back(text::trim(word));
    return words;
}

std::string after(std::string_view text, std::string_view mark)
{
    const std::size_t at = text.find(mark);
    if (at == std::string_view::npos)
        return {};
    const std::string_view rest = text.substr(at + mark.size());
    return std::string(text::trim(rest.substr(0, rest.find('\n'))));
}

std::uint64_t sectors(std::string_view digits)
{
    const std::size_t n = std::min(digits.find_first_not_of("0123456789"), digits.size());
    const auto count = text::parse_u64(digits.substr(0, n));
    return count && *count < (1ULL << 54U) ? *count * 512 : 0;
}

/// "Disk /dev/sda: 614400s", then " 1  2048s  204799s  202752s …" for each partition, of
/// parted -s DISK unit s print.
ImageDisk read_disk(const std::string& name, const ImageFiles& files)
{
    ImageDisk disk{name, 0, 0};
    std::string file = name;
    std::replace(file.begin(), file.end(), '/', '-'); // to_filename of ocs-functions
    const std::string* parted = files.text(file + "-pt.parted");
    if (parted == nullptr)
        return disk;
    for (const std::string_view line : text::split(*parted, '\n')) {
        if (line.starts_with("Disk /dev/")) {
            disk.size = sectors(text::trim(line.substr(std::min(line.find(':') + 1, line.size()))));
            continue;
        }
        const auto words = words_of(line);
        if (words.size() >= 4 && text::parse_u64(words[0]) && words[2].ends_with('s'))
            disk.needed = std::max(disk.needed, sectors(words[2]) + 512);
    }
    return disk;
}

/// "/dev/sda1 ext4 100MB" of dev-fs.list.
std::string filesystem_of(const std::string& partition, const ImageFiles& files)
{
    const std::string* list = files.text("dev-fs.list");
    if (list == nullptr)
        return {};
    for (const std::string_view line : text::split(*list, '\n')) {
        const auto words = words_of(line);
        if (words.size() >= 2 && words[0] == "/dev/" + partition)
            return words[1];
    }
    return {};
}

/// Split files of one partition must run .aa .ab .ac … without a gap.
bool has_gap(std::vector<std::string> suffixes)
{
    std::sort(suffixes.begin(), suffixes.end());
    std::string expected = "aa";
    for (const std::string& suffix : suffixes) {
        if (suffix != expected)
            return true;
        if (++expected[1] > 'z') {
            expected[1] = 'a';
            ++expected[0];
        }
    }
    return false;
}

constexpr bool is_split_suffix(std::string_view s) noexcept
{
    return s.size() == 2 && s[0] >= 'a' && s[0] <= 'z' && s[1] >= 'a' && s[1] <= 'z';
}

/// "ab" of sda1.ext4-ptcl-img.gz.ab; nothing for a partition in one piece, sda1.ext4-ptcl-img.gz.
/// The 182nd piece of a large one ends with .gz.gz.
std::optional<std::string_view> piece_of(const std::vector<std::string_view>& words)
{
    const std::string_view last = words.back();
    if (!is_split_suffix(last))
        return std::nullopt;
    const bool compression = (last == "gz" || last == "xz" || last == "lz") && words.size() > 1 &&
                             words[words.size() - 2].ends_with("-img");
    return compression ? std::nullopt : std::optional(last);
}

/// Looks for the files of one partition: sda1.ext4-ptcl-img.gz.aa, sda1.dd-img.aa, sda1.aa…
ImagePartition read_partition(const std::string& name, const ImageFiles& files, Image& image)
{
    ImagePartition part{name, filesystem_of(name, files), "", "", 0};
    std::string prefix = name + ".";
    std::replace(prefix.begin(), prefix.end(), '/', '-');
    std::vector<std::string> suffixes;
    bool empty_file = false;
    for (const ImageFile& file : files.list()) {
        if (!file.name.starts_with(prefix) || file.name == prefix + "info")
            continue;
        const std::string rest = file.name.substr(prefix.size());
        if (rest.find("-ptcl-img") != std::string::npos)
            part.tool = "partclone";
        else if (rest.find("dd-img") != std::string::npos)
            part.tool = "dd";
        else if (rest.find("ntfs-img") != std::string::npos)
            part.tool = "ntfsclone";
        else if (is_split_suffix(rest) || rest == "000")
            part.tool = "partimage";
        else
            continue;
        part.stored += file.size;
        empty_file = empty_file || file.size == 0;
        const auto pieces = text::split(file.name, '.');
        if (const auto piece = piece_of(pieces))
            suffixes.emplace_back(*piece);
        for (const std::string_view known :
             {"gz", "bz2", "lzo", "lzma", "xz", "lz", "lzip", "lrz", "lz4", "zst", "uncomp"})
            if (std::find(pieces.begin() + 1, pieces.end(), known) != pieces.end())
                part.compression = known;
    }
    if (part.tool.empty() && (part.filesystem == "swap" || files.text("swappt-" + name + ".info")))
        part.tool = "swap";
    const std::string shown = text::printable(name);
    if (empty_file)
        image.problems.push_back(fmt::format("a file of {} is empty", shown));
    if (has_gap(std::move(suffixes)))
        image.problems.push_back(fmt::format("a piece of {} is missing", shown));
    return part;
}

void read_log(Image& image, const std::string& log)
{
    image.saved_at = text::printable(after(log, "saved by Clonezilla at "));
    if (image.saved_at.ends_with('.'))
        image.saved_at.pop_back();
    image.complete = log.find("### Image created time") != std::string::npos;
}

void read_kind(Image& image, const ImageFiles& files)
{
    if (files.has("00-pseudo-img-note.txt"))
        image.kind = Image::Kind::pseudo;
    else if (files.text("disk") != nullptr)
        image.kind = Image::Kind::disk;
    else if (files.text("parts") != nullptr)
        image.kind = Image::Kind::parts;
}

void find_problems(Image& image, const ImageFiles& files)
{
    if (image.kind == Image::Kind::pseudo) {
        image.problems.emplace_back("it is a pseudo image of DRBL, without data");
        return;
    }
    if (image.kind == Image::Kind::unknown)
        image.problems.emplace_back("it has neither a list of disks nor of partitions: saving it "
                                    "did not get far");
    else if (!image.complete)
        image.problems.emplace_back(
            files.has("clonezilla-img")
                ? "its log has no end: saving it was cut short"
                : "it has no log: it is still being saved, or saving it was cut short");
    if (image.encrypted)
        image.problems.emplace_back("it is encrypted, which DRBL cannot restore");
    if (image.kind == Image::Kind::disk && image.disks.empty())
        image.problems.emplace_back("its list of disks is empty");
    if (image.kind != Image::Kind::unknown && image.partitions.empty())
        image.problems.emplace_back("its list of partitions is empty");
    for (const ImagePartition& part : image.partitions)
        if (part.tool.empty() && !files.has("lvm_vg_dev.list"))
            image.problems.push_back(
                fmt::format("the data of {} is missing", text::printable(part.name)));
}

Image read_image(const std::string& name, const ImageFiles& files)
{
    Image image;
    image.name = name;
    read_kind(image, files);
    for (const ImageFile& file : files.list()) {
        image.stored += file.size;
        image.modified = std::max(image.modified, file.modified);
    }
    image.checksums = files.has("MD5SUMS") || files.has("SHA1SUMS") || files.has("B2SUMS");
    image.encrypted = files.has("ecryptfs.info");
    read_log(image, files.log());
    if (const std::string* id = files.text("Info-img-id.txt"))
        image.id = text::printable(after(*id, "IMG_ID=")).substr(0, 128);
    if (const std::string* disks = files.text("disk"))
        for (const std::string& disk : words_of(*disks))
            image.disks.push_back(read_disk(disk, files));
    if (const std::string* parts = files.text("parts"))
        for (const std::string& part : words_of(*parts))
            image.partitions.push_back(read_partition(part, files, image));
    if (image.disks.empty()) // an image of partitions knows their disks, too
        for (const ImagePartition& part : image.partitions)
            if (const auto disk = disk_of(part.name);
                disk && std::none_of(image.disks.begin(), image.disks.end(),
                                     [&](const ImageDisk& d) { return d.name == *disk; }))
                image.disks.push_back(read_disk(*disk, files));
    find_problems(image, files);
    return image;
}

} // namespace

std::vector<Image> read_images(const std::vector<Record>& records)
{
    std::vector<Image> images;
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (records[i].key != "image")
            continue;
        ImageFiles files;
        std::size_t end = i + 1;
        for (; end < records.size() && records[end].key.starts_with("image."); ++end)
            files.add(records[end]);
        images.push_back(read_image(records[i].text, files));
        i = end - 1;
    }
    return images;
}

std::string_view name_of(Image::Kind kind) noexcept
{
    switch (kind) {
    case Image::Kind::disk:
        return "disk";
    case Image::Kind::parts:
        return "parts";
    case Image::Kind::pseudo:
        return "pseudo";
    case Image::Kind::unknown:
        break;
    }
    return "unknown";
}

} // namespace xenlab::drbl
