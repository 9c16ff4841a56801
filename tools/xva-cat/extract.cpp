// SPDX-License-Identifier: GPL-3.0-or-later
// -x DIR: names from the guest never lead out of the folder. Every name is one component, opened
// relative to the descriptor of its folder without following links; links that lead out are not
// made.
#include "copy.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/io/fd.hpp>

#include <fmt/format.h>

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace xva_cat {

using namespace xenlab;

namespace {

bool is_component(std::string_view name)
{
    return !name.empty() && name != "." && name != ".." &&
           name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

/// Whether a link at `depth` folders below the top stays inside.
bool stays_inside(std::string_view target, std::size_t depth)
{
    if (target.empty() || target.front() == '/' || target.find('\0') != std::string_view::npos)
        return false;
    if (target.size() >= 2 && target[1] == ':') // C:/…
        return false;
    auto level = static_cast<std::ptrdiff_t>(depth);
    for (const std::string_view part : text::split(target, '/')) {
        level += part == ".." ? -1 : part.empty() || part == "." ? 0 : 1;
        if (level < 0)
            return false;
    }
    return true;
}

class Extractor {
  public:
    Extractor(const std::string& directory, guest::Guest& guest, const cli::Context& context)
        : directory_(directory), guest_(guest), context_(context)
    {
        if (::mkdir(directory.c_str(), 0777) != 0 && errno != EEXIST)
            throw system_error(errno, text::printable(directory));
        top_ = io::open_file(directory, O_RDONLY | O_DIRECTORY);
    }

    void add(const guest::Place& place, const std::string& name)
    {
        try {
            copy(place, name);
        } catch (const Error& error) {
            if (error.code() == Errc::interrupted)
                throw;
            context_.warning(fmt::format("left out {}: {}", place.path, error.what()));
            ++(error.code() == Errc::bad_data ? damaged_ : left_out_);
        }
    }

    [[nodiscard]] int result(std::size_t damaged) const
    {
        return damaged + damaged_ > 0 ? exit_code(Errc::bad_data)
               : left_out_ > 0        ? exit_code(Errc::failed)
                                      : 0;
    }

  private:
    [[nodiscard]] std::string shown(const std::string& name) const
    {
        return text::printable(directory_ + "/" + name);
    }

    /// The folder that `name` goes into, made by an earlier call.
    io::Fd parent_of(const std::vector<std::string_view>& parts) const
    {
        io::Fd folder(::fcntl(top_.get(), F_DUPFD_CLOEXEC, 0));
        for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
            io::Fd next(::openat(folder.get(), std::string(parts[i]).c_str(),
                                 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
            if (!next)
                throw system_error(errno, "its folder");
            folder = std::move(next);
        }
        return folder;
    }

    void copy(const guest::Place& place, const std::string& name)
    {
        const auto parts = text::split(name, '/');
        for (const std::string_view part : parts)
            if (!is_component(part))
                throw Error(Errc::failed, "its name cannot be a file name here");
        const io::Fd folder = parent_of(parts);
        const std::string last(parts.back());
        const fs::Metadata data = guest_.stat(place);
        switch (data.type) {
        case fs::FileType::directory:
            if (::mkdirat(folder.get(), last.c_str(), 0777) != 0 && errno != EEXIST)
                throw system_error(errno, shown(name));
            return;
        case fs::FileType::symlink:
            if (!stays_inside(data.link_target, parts.size() - 1))
                throw Error(Errc::failed,
                            fmt::format("a symbolic link to {}, outside of what is copied",
                                        text::quoted(data.link_target)));
            if (::symlinkat(data.link_target.c_str(), folder.get(), last.c_str()) != 0)
                throw system_error(errno, shown(name));
            return;
        case fs::FileType::regular:
            return copy_file(place, data, folder, last, shown(name));
        default:
            throw Error(Errc::failed, fmt::format("its kind is {}", fs::name_of(data.type)));
        }
    }

    void copy_file(const guest::Place& place, const fs::Metadata& data, const io::Fd& folder,
                   const std::string& name, const std::string& shown)
    {
        const auto content = guest_.open(place);
        const std::string part = name + ".part";
        const io::Fd file(::openat(folder.get(), part.c_str(),
                                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (!file)
            throw system_error(errno, shown + ".part");
        try {
            std::uint64_t at = 0;
            copy_content(
                *content, context_,
                [&](std::span<const std::byte> bytes) {
                    io::pwrite_all(file.get(), at, bytes, shown);
                    at += bytes.size();
                },
                [&](std::uint64_t zeros) { at += zeros; });
            // Never more than the user's own files may: no set-uid, no writing for others.
            const mode_t mask = ::umask(077);
            ::umask(mask);
            const timespec times[2] = {
                {.tv_sec = 0, .tv_nsec = UTIME_OMIT},
                {.tv_sec = data.modified ? data.modified->seconds : 0,
                 .tv_nsec =
                     data.modified ? static_cast<long>(data.modified->nanoseconds) : UTIME_OMIT}};
            if (::ftruncate(file.get(), static_cast<off_t>(content->size())) != 0 ||
                ::fchmod(file.get(), (data.mode & 0777U & ~mask) | 0600U) != 0 ||
                ::futimens(file.get(), times) != 0)
                throw system_error(errno, shown);
            if (::linkat(folder.get(), part.c_str(), folder.get(), name.c_str(), 0) != 0)
                throw system_error(errno, shown);
        } catch (...) {
            ::unlinkat(folder.get(), part.c_str(), 0);
            throw;
        }
        ::unlinkat(folder.get(), part.c_str(), 0);
    }

    std::string directory_;
    guest::Guest& guest_;
    const cli::Context& context_;
    io::Fd top_;
    std::size_t left_out_ = 0;
    std::size_t damaged_ = 0;
};

} // namespace

int extract(const Options& options, guest::Guest& guest, cli::Context& context)
{
    Extractor extractor(options.extract, guest, context);
    const std::size_t damaged = visit_trees(
        options, guest, context,
        [&](const guest::Place& place, const std::string& name) { extractor.add(place, name); });
    return extractor.result(damaged);
}

} // namespace xva_cat
