// SPDX-License-Identifier: GPL-3.0-or-later
// What the Windows parts share.
#pragma once

#include "platform.hpp"

#include <string>
#include <utility>

#ifndef NOMINMAX
#define NOMINMAX
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>

namespace xenlab::agent {

class Handle {
  public:
    Handle() = default;
    explicit Handle(HANDLE handle) noexcept
        : handle_(handle == INVALID_HANDLE_VALUE ? nullptr : handle)
    {
    }
    Handle(Handle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Handle& operator=(Handle&& other) noexcept
    {
        std::swap(handle_, other.handle_);
        return *this;
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() { close(); }
    void close() noexcept
    {
        if (handle_ != nullptr)
            ::CloseHandle(handle_);
        handle_ = nullptr;
    }
    [[nodiscard]] HANDLE get() const noexcept { return handle_; }
    [[nodiscard]] HANDLE* place() noexcept { return &handle_; }
    [[nodiscard]] explicit operator bool() const noexcept { return handle_ != nullptr; }

  private:
    HANDLE handle_ = nullptr;
};

std::wstring wide(const std::string& utf8);
std::string narrow(const std::wstring& text);
/// A path with either kind of slash.
std::wstring wide_path(const std::string& path);
/// The words for GetLastError().
std::string last_error(DWORD error);

} // namespace xenlab::agent
