// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/text.hpp>
#include <xenlab/tar/header_block.hpp>
#include <xenlab/transfer/incoming.hpp>
#include <xenlab/xva/walker.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::transfer {
namespace {

constexpr std::uint64_t largest_document = 32U << 20U;

std::string_view as_text(const std::vector<std::byte>& bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; // NOLINT: bytes as text
}

/// Header and content of ova.xml, with nothing read beyond.
struct FirstEntry {
    std::vector<std::byte> header;
    std::vector<std::byte> content;
};

FirstEntry read_first(io::ByteSource& archive)
{
    FirstEntry entry;
    entry.header.resize(tar::block_size);
    io::read_exactly(archive, entry.header, "the archive");
    const auto header = tar::parse_header(entry.header);
    if (!header || xva::parse_member(header->name, header->type).kind != xva::MemberKind::metadata)
        throw Error(Errc::bad_data,
                    "not an XVA that a host imports: its first entry is not ova.xml");
    if (header->size > largest_document)
        throw Error(Errc::bad_data,
                    fmt::format("ova.xml: impossible size of {}", text::human_size(header->size)));
    entry.content.resize(static_cast<std::size_t>(header->size));
    io::read_exactly(archive, entry.content, "ova.xml");
    std::vector<std::byte> padding(static_cast<std::size_t>(tar::padding(header->size)));
    io::read_exactly(archive, padding, "ova.xml");
    return entry;
}

/// Another first entry in front of the rest of an archive.
class Edited final : public io::ByteSource {
  public:
    Edited(std::unique_ptr<io::ByteSource> archive, bool plain, std::string_view document)
        : archive_(std::move(archive))
    {
        const FirstEntry old = read_first(*archive_);
        const auto header = tar::header_like(old.header, "ova.xml", document.size());
        front_.assign(header.begin(), header.end());
        const auto text = std::as_bytes(std::span(document.data(), document.size()));
        front_.insert(front_.end(), text.begin(), text.end());
        front_.resize(front_.size() + static_cast<std::size_t>(tar::padding(document.size())));
        const std::uint64_t before = archive_->position();
        if (const auto total = archive_->total(); plain && total && *total >= before)
            total_ = *total - before + front_.size();
    }
    std::size_t read(std::span<std::byte> buffer) override
    {
        std::size_t n = std::min(buffer.size(), front_.size() - at_);
        if (n > 0) {
            std::copy_n(front_.begin() + static_cast<std::ptrdiff_t>(at_), n, buffer.begin());
            at_ += n;
        } else {
            n = archive_->read(buffer);
        }
        position_ += n;
        return n;
    }
    [[nodiscard]] std::optional<std::uint64_t> total() const override { return total_; }
    [[nodiscard]] std::uint64_t position() const override { return position_; }

  private:
    std::unique_ptr<io::ByteSource> archive_;
    std::vector<std::byte> front_;
    std::size_t at_ = 0;
    std::optional<std::uint64_t> total_;
    std::uint64_t position_ = 0;
};

} // namespace

/// The source, and what was read of it while it was recorded.
struct Incoming::Recorder {
    std::unique_ptr<io::ByteSource> source;
    std::vector<std::byte> kept;
};

class Incoming::Recording final : public io::ByteSource {
  public:
    explicit Recording(std::shared_ptr<Recorder> recorder) : recorder_(std::move(recorder)) {}
    std::size_t read(std::span<std::byte> buffer) override
    {
        const std::size_t n = recorder_->source->read(buffer);
        const auto part = buffer.first(n);
        recorder_->kept.insert(recorder_->kept.end(), part.begin(), part.end());
        return n;
    }
    [[nodiscard]] std::optional<std::uint64_t> total() const override
    {
        return recorder_->source->total();
    }
    [[nodiscard]] std::uint64_t position() const override { return recorder_->source->position(); }

  private:
    std::shared_ptr<Recorder> recorder_;
};

class Incoming::Replay final : public io::ByteSource {
  public:
    explicit Replay(std::shared_ptr<Recorder> recorder) : recorder_(std::move(recorder)) {}
    std::size_t read(std::span<std::byte> buffer) override
    {
        const auto& kept = recorder_->kept;
        std::size_t n = 0;
        if (position_ < kept.size()) {
            n = std::min(buffer.size(), kept.size() - static_cast<std::size_t>(position_));
            std::copy_n(kept.begin() + static_cast<std::ptrdiff_t>(position_), n, buffer.begin());
        } else {
            n = recorder_->source->read(buffer);
        }
        position_ += n;
        return n;
    }
    [[nodiscard]] std::optional<std::uint64_t> total() const override
    {
        return recorder_->source->total();
    }
    [[nodiscard]] std::uint64_t position() const override { return position_; }

  private:
    std::shared_ptr<Recorder> recorder_;
    std::uint64_t position_ = 0;
};

Incoming::Incoming(std::unique_ptr<io::ByteSource> bytes) : recorder_(std::make_shared<Recorder>())
{
    recorder_->source = std::move(bytes);
    auto peek = std::make_unique<io::PeekSource>(std::make_unique<Recording>(recorder_));
    compression_ = io::detect_compression(peek->peek(4));
    std::unique_ptr<io::ByteSource> plain = std::move(peek);
    if (compression_ != io::Compression::none)
        plain = io::decompress(std::move(plain), compression_);
    io::PeekSource archive(std::move(plain));
    if (const std::string foreign = xva::describe_foreign(archive.peek(4096)); !foreign.empty())
        throw Error(Errc::bad_data, "not an XVA: " + foreign);
    document_.emplace(as_text(read_first(archive).content));
}

Incoming::~Incoming() = default;

std::unique_ptr<io::ByteSource> Incoming::bytes()
{
    return std::make_unique<Replay>(recorder_);
}

std::unique_ptr<io::ByteSource> Incoming::with_document(const Document& document)
{
    std::unique_ptr<io::ByteSource> archive = bytes();
    const bool plain = compression_ == io::Compression::none;
    if (!plain)
        archive = io::decompress(std::move(archive), compression_);
    return std::make_unique<Edited>(std::move(archive), plain, document.text());
}

std::uint64_t check_whole(io::ByteSource& file)
{
    xva::Walker walker(file);
    std::uint64_t data = 0;
    try {
        while (const auto entry = walker.next())
            if (entry->member.kind == xva::MemberKind::chunk)
                data += entry->length;
    } catch (const Error& error) {
        throw error.within("the archive is not whole");
    }
    const auto& disks = walker.metadata().disks;
    for (std::size_t i = 0; i < disks.size(); ++i)
        if (walker.end_of(i) != disks[i].virtual_size)
            throw Error(Errc::bad_data,
                        fmt::format("the archive is not whole: {} of {} bytes of the disk {} are "
                                    "there",
                                    walker.end_of(i), disks[i].virtual_size,
                                    text::quoted(disks[i].name)));
    return data;
}

} // namespace xenlab::transfer
