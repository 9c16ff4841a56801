// SPDX-License-Identifier: GPL-3.0-or-later
#include "pool_undo.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/block/disk_sink.hpp>
#include <xenlab/bytes/crc32.hpp>
#include <xenlab/bytes/endian.hpp>
#include <xenlab/io/fd.hpp>
#include <xenlab/io/output_file.hpp>
#include <xenlab/lab/config.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>

namespace xenlab::disksrc {
namespace {

constexpr std::size_t head_size = 64;
constexpr std::size_t record_size = 12;
constexpr std::size_t piece = 1U << 20U;

std::vector<std::byte> as_head(const std::string& text)
{
    std::vector<std::byte> head(head_size);
    for (std::size_t i = 0; i < std::min(text.size(), head.size()); ++i)
        head[i] = static_cast<std::byte>(text[i]);
    return head;
}

std::vector<std::byte> head_of(const std::string& vdi_uuid)
{
    return as_head(fmt::format("XLABPOOL1 {}\n", vdi_uuid));
}

std::vector<std::byte> whole_head_of(const std::string& vdi_uuid, std::uint64_t size)
{
    return as_head(fmt::format("XLABPOOL2 {} {:016x}\n", vdi_uuid, size));
}

/// The size in such a head; nothing when it is another one.
std::optional<std::uint64_t> size_in(std::span<const std::byte> head, const std::string& vdi_uuid)
{
    std::string digits;
    for (const std::byte b : head.last(1 + 16).first(16))
        digits += static_cast<char>(b);
    std::uint64_t size = 0;
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
    if (failure != std::errc() || end != digits.data() + digits.size() ||
        !std::ranges::equal(head, whole_head_of(vdi_uuid, size)))
        return std::nullopt;
    return size;
}

/// Reads forward, with a running CRC.
class LogReader {
  public:
    explicit LogReader(const std::string& path) : path_(path), fd_(io::open_file(path, O_RDONLY)) {}
    void read(std::span<std::byte> buffer)
    {
        if (io::pread_full(fd_.get(), at_, buffer, path_) != buffer.size())
            damaged();
        at_ += buffer.size();
        crc_ = bytes::crc32(buffer, crc_);
    }
    [[nodiscard]] std::uint32_t crc() const noexcept { return crc_; }
    [[noreturn]] void damaged() const
    {
        throw Error(Errc::bad_data, fmt::format("{}: damaged", text::printable(path_)),
                    "nothing was put back");
    }

  private:
    std::string path_;
    io::Fd fd_;
    std::uint64_t at_ = 0;
    std::uint32_t crc_ = 0;
};

std::uint64_t pass(const std::string& path, const std::string& vdi_uuid,
                   const std::function<void(std::uint64_t, std::span<const std::byte>)>& each)
{
    LogReader log(path);
    std::vector<std::byte> head(head_size);
    log.read(head);
    if (head != head_of(vdi_uuid) && !size_in(head, vdi_uuid))
        log.damaged();
    std::uint64_t sum = 0;
    std::vector<std::byte> data;
    for (;;) {
        std::array<std::byte, record_size> record{};
        log.read(record);
        const std::uint32_t length = bytes::le32(record, 8);
        if (length == 0)
            break;
        if (length > piece)
            log.damaged();
        data.resize(length);
        log.read(data);
        sum += length;
        if (each)
            each(bytes::le64(record, 0), data);
    }
    const std::uint32_t crc = log.crc();
    std::array<std::byte, 4> stored{};
    log.read(stored);
    if (bytes::le32(stored, 0) != crc)
        log.damaged();
    return sum;
}

/// Writes records with a running CRC; the log is on disk after finish().
class LogWriter {
  public:
    LogWriter(const std::string& path, const std::vector<std::byte>& head) : file_(refuse(path))
    {
        ::fchmod(file_.fd(), 0600);
        put(head);
    }
    void record(std::uint64_t offset, std::span<const std::byte> data)
    {
        std::array<std::byte, record_size> record{};
        bytes::store_le(std::span<std::byte>(record), 0, offset);
        bytes::store_le(std::span<std::byte>(record), 8, static_cast<std::uint32_t>(data.size()));
        put(record);
        put(data);
    }
    void finish()
    {
        put(std::array<std::byte, record_size>{});
        std::array<std::byte, 4> sum{};
        bytes::store_le(std::span<std::byte>(sum), 0, crc_);
        file_.write(sum);
        file_.commit();
    }

  private:
    static const std::string& refuse(const std::string& path)
    {
        if (std::filesystem::exists(path))
            throw Error(Errc::precondition, "an earlier edit was cut off",
                        "roll it back first: xva-disk --undo");
        return path;
    }
    void put(std::span<const std::byte> data)
    {
        crc_ = bytes::crc32(data, crc_);
        file_.write(data);
    }

    io::OutputFile file_;
    std::uint32_t crc_ = 0;
};

/// Calls act(offset, piece of the buffer) for the range.
template <typename Act>
void each_piece(std::uint64_t offset, std::uint64_t length, const Act& act)
{
    std::vector<std::byte> data(static_cast<std::size_t>(std::min<std::uint64_t>(length, piece)));
    for (std::uint64_t done = 0; done < length;) {
        const auto part = std::span(data).first(
            static_cast<std::size_t>(std::min<std::uint64_t>(length - done, piece)));
        act(offset + done, part);
        done += part.size();
    }
}

} // namespace

std::string pool_undo_path(const std::string& vdi_uuid)
{
    const std::string folder = lab::state_dir() + "/undo";
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (failure)
        throw system_error(failure.value(), text::printable(folder));
    ::chmod(folder.c_str(), 0700); // it will hold guest data
    return fmt::format("{}/vdi-{}.undo", folder, text::printable(vdi_uuid));
}

void write_pool_undo(const std::string& path, const std::string& vdi_uuid, block::BlockDevice& disk,
                     std::span<const block::Extent> extents)
{
    LogWriter log(path, head_of(vdi_uuid));
    for (const block::Extent& extent : extents)
        each_piece(extent.offset, extent.length, [&](std::uint64_t at, std::span<std::byte> part) {
            disk.read(at, part);
            log.record(at, part);
        });
    log.finish();
}

void write_whole_undo(const std::string& path, const std::string& vdi_uuid, std::uint64_t size,
                      const std::function<void(std::uint64_t offset, std::span<std::byte>)>& read)
{
    LogWriter log(path, whole_head_of(vdi_uuid, size));
    each_piece(0, size, [&](std::uint64_t at, std::span<std::byte> part) {
        read(at, part);
        if (!block::is_zero(part))
            log.record(at, part);
    });
    log.finish();
}

std::optional<std::uint64_t> whole_undo_size(const std::string& path, const std::string& vdi_uuid)
{
    LogReader log(path);
    std::vector<std::byte> head(head_size);
    log.read(head);
    return size_in(head, vdi_uuid);
}

std::uint64_t
read_pool_undo(const std::string& path, const std::string& vdi_uuid,
               const std::function<void(std::uint64_t offset, std::span<const std::byte>)>& restore)
{
    pass(path, vdi_uuid, {});
    return pass(path, vdi_uuid, restore);
}

} // namespace xenlab::disksrc
