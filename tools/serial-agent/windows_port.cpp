// SPDX-License-Identifier: GPL-3.0-or-later
// A COM port with a synchronous handle and one thread: a read that waits in another thread would
// hold up every write, and overlapped writes get lost under Wine.
#ifdef _WIN32
#include "windows.hpp"

#include <algorithm>

namespace xenlab::agent {
namespace {

class WindowsPort final : public Port {
  public:
    WindowsPort(const std::string& path, unsigned baud) : path_(path)
    {
        // COM10 and above only exist under the device name.
        const std::string device = path.find('\\') == std::string::npos ? "\\\\.\\" + path : path;
        handle_ = Handle(::CreateFileW(wide(device).c_str(), GENERIC_READ | GENERIC_WRITE, 0,
                                       nullptr, OPEN_EXISTING, 0, nullptr));
        if (!handle_)
            throw SystemFailure(3, path + ": " + last_error(::GetLastError()));
        ::SetupComm(handle_.get(), 64 * 1024, 64 * 1024);
        DCB mode{};
        mode.DCBlength = sizeof mode;
        if (::GetCommState(handle_.get(), &mode)) {
            mode.BaudRate = baud;
            mode.ByteSize = 8;
            mode.Parity = NOPARITY;
            mode.StopBits = ONESTOPBIT;
            mode.fBinary = TRUE;
            mode.fParity = mode.fOutxCtsFlow = mode.fOutxDsrFlow = mode.fDsrSensitivity = FALSE;
            mode.fOutX = mode.fInX = mode.fErrorChar = mode.fNull = mode.fAbortOnError = FALSE;
            mode.fDtrControl = DTR_CONTROL_ENABLE;
            mode.fRtsControl = RTS_CONTROL_ENABLE;
            ::SetCommState(handle_.get(), &mode);
        }
        set_patience(20);
        ::PurgeComm(handle_.get(), PURGE_RXCLEAR);
    }

    std::size_t read(std::span<std::byte> buffer) override
    {
        if (begin_ == end_)
            fill(false, 0);
        const std::size_t count = std::min(buffer.size(), end_ - begin_);
        std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), count, buffer.begin());
        begin_ += count;
        return count;
    }

    std::size_t write(View data) override
    {
        DWORD count = 0;
        if (!::WriteFile(handle_.get(), data.data(),
                         static_cast<DWORD>(std::min<std::size_t>(data.size(), 4096)), &count,
                         nullptr))
            failed();
        return count;
    }

    /// Reads what is there; with `wait` at most so long until something is.
    void fill(bool wait, DWORD patience)
    {
        if (begin_ != end_)
            return;
        DWORD errors = 0;
        COMSTAT state{};
        if (!wait && (!::ClearCommError(handle_.get(), &errors, &state) || state.cbInQue == 0))
            return;
        if (wait)
            set_patience(patience);
        DWORD count = 0;
        const DWORD want =
            wait ? 1 : static_cast<DWORD>(std::min<std::size_t>(state.cbInQue, buffer_.size()));
        if (!::ReadFile(handle_.get(), buffer_.data(),
                        wait ? static_cast<DWORD>(buffer_.size()) : want, &count, nullptr))
            failed();
        begin_ = 0;
        end_ = count;
    }

  private:
    [[noreturn]] void failed()
    {
        throw SystemFailure(5, path_ + ": " + last_error(::GetLastError()));
    }

    void set_patience(DWORD patience)
    {
        if (patience == patience_)
            return;
        patience_ = patience;
        COMMTIMEOUTS times{};
        // These values mean: at once if there is anything, else within the constant.
        times.ReadIntervalTimeout = MAXDWORD;
        times.ReadTotalTimeoutMultiplier = MAXDWORD;
        times.ReadTotalTimeoutConstant = std::max<DWORD>(patience, 1);
        times.WriteTotalTimeoutConstant = 2000;
        ::SetCommTimeouts(handle_.get(), &times);
    }

    std::string path_;
    Handle handle_;
    Buffer buffer_ = Buffer(16 * 1024);
    std::size_t begin_ = 0, end_ = 0;
    DWORD patience_ = 0;
};

} // namespace

std::unique_ptr<Port> Port::open(const std::string& path, unsigned baud)
{
    return std::make_unique<WindowsPort>(path, baud);
}

void wait_for(Port& port, bool /*port_writable*/, const std::vector<ChildInterest>& children,
              Millis timeout)
{
    // Pipes of children cannot be waited for together with the port, so they are looked at often.
    const Millis longest = children.empty() ? 200 : 10;
    static_cast<WindowsPort&>(port).fill(true, static_cast<DWORD>(std::min(timeout, longest)));
}

} // namespace xenlab::agent
#endif
