// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/disksrc/commit.hpp>
#include <xenlab/guest/edit.hpp>

#include <fmt/format.h>

#include <cstdlib>

#include <fcntl.h>

namespace xenlab::guest {
namespace {

bool comes_once(const std::string& source)
{
    return source == "-" || source.starts_with("http://") || source.starts_with("https://");
}

} // namespace

io::Fd keep_bytes(io::ByteSource& bytes, const std::stop_token& stop)
{
    const char* tmp = std::getenv("TMPDIR"); // NOLINT: nobody sets it meanwhile
    const std::string directory = tmp != nullptr && *tmp != '\0' ? tmp : "/tmp";
    io::Fd file = io::open_file(directory, O_TMPFILE | O_RDWR, 0600);
    std::vector<std::byte> buffer(std::size_t{1} << 20U);
    while (const std::size_t n = bytes.read(buffer)) {
        if (stop.stop_requested())
            throw Error(Errc::interrupted, "interrupted");
        io::write_all(file.get(), std::span(buffer).first(n), "temporary file");
    }
    return file;
}

std::string name_of_kept(const io::Fd& file)
{
    return fmt::format("/proc/self/fd/{}", file.get());
}

Edit::Edit(EditOptions options) : options_(std::move(options))
{
    SessionOptions& session = options_.session;
    disksrc::OpenOptions& open = session.open;
    open.damaged = [warn = session.warn, damaged = damaged_](const std::string& words) {
        *damaged = true;
        if (warn)
            warn(words);
    };
    if (options_.in_place)
        disksrc::check_in_place(session.source, {.open = open});
    if (comes_once(session.source)) {
        const auto bytes = disksrc::open_bytes(session.source, open, true);
        kept_ = keep_bytes(*bytes, open.stop);
        session.source = name_of_kept(kept_);
    }
    source_ = disksrc::spooled(disksrc::open_disks(session.source, open), session.spool);
    numbers_ = disksrc::choose_disks(source_->disks(), session.disk);
    for (const std::size_t number : numbers_)
        overlays_.push_back(std::make_unique<block::Overlay>(*source_->device(number)));
    open_guest(options_.recover ? fs::Access::recover : fs::Access::write);
}

void Edit::open_guest(fs::Access access)
{
    std::vector<Disk> disks;
    for (std::size_t i = 0; i < numbers_.size(); ++i)
        disks.push_back({overlays_[i].get(), source_->disks()[numbers_[i]].ref});
    GuestOptions options = options_.session.guest;
    options.access = access;
    guest_ = std::make_unique<Guest>(std::move(disks), std::move(options));
}

Guest& Edit::reopen()
{
    guest_->close();
    guest_.reset();
    open_guest(fs::Access::read);
    return *guest_;
}

bool Edit::changed() const
{
    for (const auto& overlay : overlays_)
        if (!overlay->dirty().empty())
            return true;
    return false;
}

void Edit::commit(io::ByteSink* out)
{
    std::vector<disksrc::DiskEdit> edits;
    for (std::size_t i = 0; i < numbers_.size(); ++i)
        edits.push_back({.disk = numbers_[i], .overlay = overlays_[i].get()});
    disksrc::CommitOptions commit{.open = options_.session.open, .progress = options_.progress};
    const std::string& source = options_.session.source;
    if (options_.in_place) {
        commit.close_source = [this] { source_->close(); };
        disksrc::commit_in_place(source, edits, commit);
    } else if (options_.output != "-")
        disksrc::commit_to_file(source, edits, options_.output, commit);
    else if (out != nullptr)
        disksrc::commit_to_stream(source, edits, *out, commit);
}

} // namespace xenlab::guest
