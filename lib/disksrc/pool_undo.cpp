// SPDX-License-Identifier: GPL-3.0-or-later
#include "pool_undo.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/bytes/crc32.hpp>
#include <xenlab/bytes/endian.hpp>
#include <xenlab/io/fd.hpp>
#include <xenlab/io/output_file.hpp>
#include <xenlab/lab/config.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>

namespace xenlab::disksrc {
namespace {

constexpr std::size_t head_size = 64;
constexpr std::size_t record_size = 12;
constexpr std::size_t piece = 1U << 20U;

std::vector<std::byte> head_of(const std::string& vdi_uuid)
{
    const std::string text = fmt::format("XLABPOOL1 {}\n", vdi_uuid);
    std::vector<std::byte> head(head_size);
    for (std::size_t i = 0; i < std::min(text.size(), head.size()); ++i)
        head[i] = static_cast<std::byte>(text[i]);
    return head;
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
    if (head != head_of(vdi_uuid))
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
    if (std::filesystem::exists(path))
        throw Error(Errc::precondition, "an earlier edit was cut off",
                    "roll it back first: xva-disk --undo");
    io::OutputFile file(path);
    ::fchmod(file.fd(), 0600);
    std::uint32_t crc = 0;
    const auto put = [&](std::span<const std::byte> data) {
        crc = bytes::crc32(data, crc);
        file.write(data);
    };
    put(head_of(vdi_uuid));
    std::array<std::byte, record_size> record{};
    std::vector<std::byte> data;
    for (const block::Extent& extent : extents)
        for (std::uint64_t done = 0; done < extent.length; done += data.size()) {
            data.resize(
                static_cast<std::size_t>(std::min<std::uint64_t>(extent.length - done, piece)));
            disk.read(extent.offset + done, data);
            bytes::store_le(std::span<std::byte>(record), 0, extent.offset + done);
            bytes::store_le(std::span<std::byte>(record), 8,
                            static_cast<std::uint32_t>(data.size()));
            put(record);
            put(data);
        }
    record.fill(std::byte{0});
    put(record);
    std::array<std::byte, 4> sum{};
    bytes::store_le(std::span<std::byte>(sum), 0, crc);
    file.write(sum);
    file.commit();
}

std::uint64_t
read_pool_undo(const std::string& path, const std::string& vdi_uuid,
               const std::function<void(std::uint64_t offset, std::span<const std::byte>)>& restore)
{
    pass(path, vdi_uuid, {});
    return pass(path, vdi_uuid, restore);
}

} // namespace xenlab::disksrc
