// SPDX-License-Identifier: GPL-3.0-or-later
#ifdef _WIN32
#include "windows.hpp"

#include <algorithm>

namespace xenlab::agent {
namespace {

constexpr std::uint64_t unix_epoch = 116'444'736'000'000'000; // in 100 ns since 1601

[[noreturn]] void fail(const std::string& path)
{
    const DWORD error = ::GetLastError();
    const bool absent = error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND ||
                        error == ERROR_INVALID_NAME;
    throw SystemFailure(absent ? 3 : 1, path + ": " + last_error(error));
}

std::uint64_t nanoseconds(const FILETIME& time)
{
    const std::uint64_t ticks =
        static_cast<std::uint64_t>(time.dwHighDateTime) << 32U | time.dwLowDateTime;
    return ticks > unix_epoch ? (ticks - unix_epoch) * 100 : 0;
}

FileInfo to_info(DWORD attributes, std::uint64_t size, const FILETIME& time)
{
    FileInfo info;
    info.kind = (attributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0 ? 'l'
                : (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0   ? 'd'
                                                                 : 'f';
    info.size = size;
    info.mode = (attributes & FILE_ATTRIBUTE_READONLY) != 0 ? 0444 : 0644;
    if (info.kind == 'd')
        info.mode |= 0111;
    info.mtime = nanoseconds(time);
    return info;
}

class WindowsFile final : public File {
  public:
    WindowsFile(std::string path, DWORD access, DWORD creation) : path_(std::move(path))
    {
        handle_ = Handle(
            ::CreateFileW(wide_path(path_).c_str(), access,
                          FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr, creation,
                          FILE_ATTRIBUTE_NORMAL | FILE_FLAG_BACKUP_SEMANTICS, nullptr));
        if (!handle_)
            fail(path_);
    }

    std::size_t read(std::span<std::byte> buffer) override
    {
        DWORD count = 0;
        if (!::ReadFile(handle_.get(), buffer.data(), static_cast<DWORD>(buffer.size()), &count,
                        nullptr) &&
            ::GetLastError() != ERROR_BROKEN_PIPE)
            fail(path_);
        return count;
    }

    void write(View data) override
    {
        while (!data.empty()) {
            DWORD count = 0;
            if (!::WriteFile(handle_.get(), data.data(), static_cast<DWORD>(data.size()), &count,
                             nullptr))
                fail(path_);
            data = data.subspan(count);
        }
    }

    FileInfo info() override
    {
        BY_HANDLE_FILE_INFORMATION found{};
        if (!::GetFileInformationByHandle(handle_.get(), &found))
            return {};
        return to_info(found.dwFileAttributes,
                       static_cast<std::uint64_t>(found.nFileSizeHigh) << 32U | found.nFileSizeLow,
                       found.ftLastWriteTime);
    }

    void truncate(std::uint64_t size) override
    {
        LARGE_INTEGER at{};
        at.QuadPart = static_cast<LONGLONG>(size);
        if (!::SetFilePointerEx(handle_.get(), at, nullptr, FILE_BEGIN) ||
            !::SetEndOfFile(handle_.get()))
            fail(path_);
    }

    void finish(std::optional<std::uint32_t> /*mode*/, std::optional<std::uint64_t> mtime) override
    {
        if (mtime) {
            const std::uint64_t ticks = *mtime / 100 + unix_epoch;
            const FILETIME time{static_cast<DWORD>(ticks), static_cast<DWORD>(ticks >> 32U)};
            ::SetFileTime(handle_.get(), nullptr, nullptr, &time);
        }
        if (!::FlushFileBuffers(handle_.get()))
            fail(path_);
    }

  private:
    std::string path_;
    Handle handle_;
};

} // namespace

std::unique_ptr<File> File::open_read(const std::string& path)
{
    return std::make_unique<WindowsFile>(path, GENERIC_READ, OPEN_EXISTING);
}

std::unique_ptr<File> File::open_part(const std::string& path, bool keep)
{
    return std::make_unique<WindowsFile>(path, GENERIC_READ | GENERIC_WRITE,
                                         keep ? OPEN_ALWAYS : CREATE_ALWAYS);
}

std::optional<FileInfo> look_at(const std::string& path)
{
    WIN32_FILE_ATTRIBUTE_DATA found{};
    if (!::GetFileAttributesExW(wide_path(path).c_str(), GetFileExInfoStandard, &found)) {
        const DWORD error = ::GetLastError();
        if (error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND)
            return std::nullopt;
        fail(path);
    }
    return to_info(found.dwFileAttributes,
                   static_cast<std::uint64_t>(found.nFileSizeHigh) << 32U | found.nFileSizeLow,
                   found.ftLastWriteTime);
}

bool is_directory(const std::string& path)
{
    const DWORD attributes = ::GetFileAttributesW(wide_path(path).c_str());
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

void replace_file(const std::string& from, const std::string& to)
{
    if (!::MoveFileExW(wide_path(from).c_str(), wide_path(to).c_str(),
                       MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH))
        fail(to);
}

void remove_file(const std::string& path) noexcept
{
    ::DeleteFileW(wide_path(path).c_str());
}

void make_directories(const std::string& path, std::uint32_t /*mode*/)
{
    for (std::size_t at = path.find_first_of("/\\", 3); at != std::string::npos;
         at = path.find_first_of("/\\", at + 1))
        ::CreateDirectoryW(wide_path(path.substr(0, at)).c_str(), nullptr);
    if (!::CreateDirectoryW(wide_path(path).c_str(), nullptr) && !is_directory(path))
        fail(path);
}

void dress_directory(const std::string& /*path*/, std::optional<std::uint32_t> /*mode*/,
                     std::uint64_t /*mtime*/)
{
    // Neither means much to Windows.
}

void make_link(const std::string& /*target*/, const std::string& path)
{
    throw SystemFailure(1, path + ": symbolic links are not made on Windows");
}

std::vector<std::string> names_in(const std::string& directory)
{
    WIN32_FIND_DATAW entry{};
    const HANDLE search = ::FindFirstFileW((wide_path(directory) + L"\\*").c_str(), &entry);
    if (search == INVALID_HANDLE_VALUE)
        fail(directory);
    std::vector<std::string> names;
    do {
        std::string name = narrow(static_cast<const wchar_t*>(entry.cFileName));
        if (name != "." && name != "..")
            names.push_back(std::move(name));
    } while (::FindNextFileW(search, &entry));
    ::FindClose(search);
    return names;
}

} // namespace xenlab::agent
#endif
