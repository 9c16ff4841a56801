// SPDX-License-Identifier: GPL-3.0-or-later
#include "output.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace vifcap {

using namespace xenlab;

/// Gathers whole blocks and passes them on together: whatever breaks, what was passed on is good.
class Output::Blocks final : public io::ByteSink {
  public:
    Blocks(io::OutputFile* file, io::ByteSink* sink) : file_(file), sink_(sink) {}
    using io::ByteSink::write;
    void write(std::span<const std::byte> data) override
    {
        held_.insert(held_.end(), data.begin(), data.end());
    }
    /// Here a block ends.
    void pass_on_if_large()
    {
        if (held_.size() >= large)
            flush();
    }
    void flush() override
    {
        if (file_ != nullptr) {
            file_->write(held_);
        } else {
            sink_->write(held_);
            sink_->flush();
        }
        passed_ += held_.size();
        held_.clear();
    }
    void finish() override
    {
        flush();
        if (file_ != nullptr)
            file_->commit();
        else
            sink_->finish();
    }
    /// Makes a good file of what was passed on before a disk was full.
    void salvage()
    {
        if (file_ == nullptr)
            return;
        file_->set_size(passed_);
        file_->commit();
    }
    [[nodiscard]] std::uint64_t size() const noexcept { return passed_ + held_.size(); }

  private:
    static constexpr std::size_t large = 64U << 10U;
    io::OutputFile* file_;
    io::ByteSink* sink_;
    std::vector<std::byte> held_;
    std::uint64_t passed_ = 0;
};

Output::Output(OutputOptions options) : options_(std::move(options))
{
    begin_file();
}

Output::~Output() = default;

/// cap.pcapng -> cap.00001.pcapng
static std::string numbered(const std::string& path, unsigned number)
{
    const std::filesystem::path whole(path);
    return (whole.parent_path() /
            fmt::format("{}.{:05}{}", whole.stem().string(), number, whole.extension().string()))
        .string();
}

void Output::begin_file()
{
    if (options_.sink == nullptr) {
        const std::string path =
            options_.rotation.size == 0 ? options_.path : numbered(options_.path, ++file_number_);
        blocks_.reset(); // uses the file
        file_ = std::make_unique<io::OutputFile>(path);
        files_.push_back(path);
    }
    blocks_ = std::make_unique<Blocks>(file_.get(), options_.sink);
    classic_.reset();
    events_.reset();
    if (options_.classic)
        return; // its header needs the link type
    ng_ = std::make_unique<pcap::NgWriter>(*blocks_, "vifcap " XENLAB_VERSION);
    for (Source& source : sources_)
        if (!source.closed)
            source.id = ng_->add_interface(source.interface);
    blocks_->flush();
}

void Output::end_file()
{
    blocks_->finish();
    const unsigned kept = options_.rotation.files;
    if (kept != 0 && files_.size() > kept) {
        std::error_code ignored; // somebody may have moved it away
        std::filesystem::remove(files_.front(), ignored);
        files_.erase(files_.begin());
    }
}

void Output::rotate_if_due()
{
    if (options_.rotation.size == 0 || blocks_->size() < options_.rotation.size)
        return;
    end_file();
    begin_file();
}

std::uint32_t Output::open(const pcap::Interface& interface, std::string comment)
{
    const std::lock_guard lock(mutex_);
    Source source{.interface = interface, .comment = std::move(comment), .id = 0, .closed = false};
    if (ng_)
        source.id = ng_->add_interface(interface);
    else if (classic_link_ != 0 && classic_link_ != interface.link_type)
        throw Error(Errc::failed,
                    fmt::format("{}: its link type {} does not fit into the pcap file of link type "
                                "{}",
                                text::printable(interface.name), interface.link_type,
                                classic_link_),
                    "leave out --pcap");
    else
        classic_link_ = interface.link_type;
    sources_.push_back(std::move(source));
    if (!ng_ && !classic_) {
        classic_ = std::make_unique<pcap::ClassicWriter>(
            *blocks_, pcap::Header{.link_type = classic_link_, .snap_length = 0});
    }
    blocks_->flush();
    return static_cast<std::uint32_t>(sources_.size() - 1);
}

void Output::write(Source& source, const pcap::Packet& packet)
{
    rotate_if_due();
    if (ng_) {
        ng_->packet(source.id, packet, source.comment);
        source.comment.clear();
    } else {
        if (!classic_)
            classic_ = std::make_unique<pcap::ClassicWriter>(
                *blocks_, pcap::Header{.link_type = classic_link_, .snap_length = 0});
        classic_->packet(packet);
    }
    blocks_->pass_on_if_large();
}

std::size_t Output::packets(std::uint32_t number, std::span<const pcap::Packet> packets)
{
    const std::lock_guard lock(mutex_);
    std::size_t count = packets.size();
    if (options_.most_packets != 0)
        count = std::min<std::uint64_t>(count, options_.most_packets - packets_);
    for (const pcap::Packet& packet : packets.first(count))
        write(sources_.at(number), packet);
    packets_ += count;
    blocks_->flush();
    if (options_.most_packets != 0 && packets_ == options_.most_packets &&
        !std::exchange(full_, true) && options_.limit_reached)
        options_.limit_reached();
    return count;
}

void Output::close(std::uint32_t number, const pcap::Statistics& statistics)
{
    const std::lock_guard lock(mutex_);
    Source& source = sources_.at(number);
    if (ng_) {
        ng_->statistics(source.id, statistics);
        blocks_->flush();
    }
    source.closed = true;
}

std::uint32_t Output::events_interface()
{
    if (!events_)
        events_ = ng_->add_interface({.name = "vifcap-events",
                                      .description = "what happened to the capture",
                                      .filter = {},
                                      .link_type = pcap::link_user0,
                                      .snap_length = 0});
    return *events_;
}

void Output::event(const std::string& words, std::uint64_t time)
{
    const std::lock_guard lock(mutex_);
    if (!ng_ || !options_.events)
        return;
    const auto bytes = std::as_bytes(std::span(words));
    ng_->packet(
        events_interface(),
        {.time = time, .original_length = static_cast<std::uint32_t>(bytes.size()), .data = bytes},
        words);
    blocks_->flush();
}

void Output::finish()
{
    const std::lock_guard lock(mutex_);
    end_file();
}

std::string Output::salvage() noexcept
{
    const std::lock_guard lock(mutex_);
    try {
        if (packets_ == 0 || !blocks_ || files_.empty())
            return {};
        blocks_->salvage();
        return files_.back();
    } catch (const std::exception&) { // what broke first is what is told
        return {};
    }
}

} // namespace vifcap
