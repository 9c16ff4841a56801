// SPDX-License-Identifier: GPL-3.0-or-later
#include "output.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <filesystem>

namespace vifcap {

using namespace xenlab;

/// Passes bytes on and counts them.
class Output::Counted final : public io::ByteSink {
  public:
    explicit Counted(io::ByteSink& sink) : sink_(sink) {}
    using io::ByteSink::write;
    void write(std::span<const std::byte> data) override
    {
        sink_.write(data);
        size_ += data.size();
    }
    void flush() override { sink_.flush(); }
    void finish() override { sink_.finish(); }
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  private:
    io::ByteSink& sink_;
    std::uint64_t size_ = 0;
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
    io::ByteSink* sink = options_.sink;
    if (sink == nullptr) {
        const std::string path =
            options_.rotation.size == 0 ? options_.path : numbered(options_.path, ++file_number_);
        file_ = std::make_unique<io::FileSink>(path);
        files_.push_back(path);
        sink = file_.get();
    }
    counted_ = std::make_unique<Counted>(*sink);
    classic_.reset();
    events_.reset();
    if (options_.classic)
        return; // its header needs the link type
    ng_ = std::make_unique<pcap::NgWriter>(*counted_, "vifcap " XENLAB_VERSION);
    for (Source& source : sources_)
        if (!source.closed)
            source.id = ng_->add_interface(source.interface);
    counted_->flush();
}

void Output::end_file()
{
    counted_->finish();
    const unsigned kept = options_.rotation.files;
    if (kept != 0 && files_.size() > kept) {
        std::error_code ignored; // somebody may have moved it away
        std::filesystem::remove(files_.front(), ignored);
        files_.erase(files_.begin());
    }
}

void Output::rotate_if_due()
{
    if (options_.rotation.size == 0 || counted_->size() < options_.rotation.size)
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
            *counted_, pcap::Header{.link_type = classic_link_, .snap_length = 0});
    }
    counted_->flush();
    return static_cast<std::uint32_t>(sources_.size() - 1);
}

bool Output::packet(std::uint32_t number, const pcap::Packet& packet, bool more)
{
    const std::lock_guard lock(mutex_);
    if (full_)
        return false;
    rotate_if_due();
    Source& source = sources_.at(number);
    if (ng_) {
        ng_->packet(source.id, packet, source.comment);
        source.comment.clear();
    } else {
        if (!classic_)
            classic_ = std::make_unique<pcap::ClassicWriter>(
                *counted_, pcap::Header{.link_type = classic_link_, .snap_length = 0});
        classic_->packet(packet);
    }
    ++packets_;
    full_ = options_.most_packets != 0 && packets_ >= options_.most_packets;
    if (!more || full_)
        counted_->flush();
    if (full_ && options_.limit_reached)
        options_.limit_reached();
    return true;
}

void Output::close(std::uint32_t number, const pcap::Statistics& statistics)
{
    const std::lock_guard lock(mutex_);
    Source& source = sources_.at(number);
    if (ng_) {
        ng_->statistics(source.id, statistics);
        counted_->flush();
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
    counted_->flush();
}

void Output::finish()
{
    const std::lock_guard lock(mutex_);
    end_file();
}

} // namespace vifcap
