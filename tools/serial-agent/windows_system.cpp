// SPDX-License-Identifier: GPL-3.0-or-later
#ifdef _WIN32
#include "service.hpp"
#include "windows.hpp"

#include <algorithm>
#include <random>

namespace xenlab::agent {

std::wstring wide(const std::string& utf8)
{
    const int length =
        ::MultiByteToWideChar(CP_UTF8, 0, utf8.data(), static_cast<int>(utf8.size()), nullptr, 0);
    std::wstring text(static_cast<std::size_t>(length), L'\0');
    ::MultiByteToWideChar(CP_UTF8, 0, utf8.data(), static_cast<int>(utf8.size()), text.data(),
                          length);
    return text;
}

std::string narrow(const std::wstring& text)
{
    const int length = ::WideCharToMultiByte(CP_UTF8, 0, text.data(), static_cast<int>(text.size()),
                                             nullptr, 0, nullptr, nullptr);
    std::string utf8(static_cast<std::size_t>(length), '\0');
    ::WideCharToMultiByte(CP_UTF8, 0, text.data(), static_cast<int>(text.size()), utf8.data(),
                          length, nullptr, nullptr);
    return utf8;
}

std::wstring wide_path(const std::string& path)
{
    std::wstring text = wide(path);
    std::replace(text.begin(), text.end(), L'/', L'\\');
    return text;
}

std::string last_error(DWORD error)
{
    wchar_t* text = nullptr;
    const DWORD length = ::FormatMessageW(
        FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS,
        nullptr, error, 0, reinterpret_cast<wchar_t*>(&text), 0, nullptr);
    std::string words =
        length == 0 ? "error " + std::to_string(error) : narrow(std::wstring(text, length));
    ::LocalFree(text);
    while (!words.empty() && (words.back() == '\n' || words.back() == '\r' || words.back() == '.' ||
                              words.back() == ' '))
        words.pop_back();
    return words;
}

Millis now_millis()
{
    LARGE_INTEGER frequency{}, now{};
    ::QueryPerformanceFrequency(&frequency);
    ::QueryPerformanceCounter(&now);
    return static_cast<Millis>(now.QuadPart / (frequency.QuadPart / 1000));
}

void pause_millis(unsigned millis)
{
    ::Sleep(millis);
}

std::uint32_t random_word()
{
    static std::random_device device;
    return device();
}

std::array<std::byte, 16> boot_identity()
{
    // The time of the boot, to about a minute: the clock may be corrected a little meanwhile.
    FILETIME now{};
    ::GetSystemTimeAsFileTime(&now);
    const std::uint64_t ticks =
        static_cast<std::uint64_t>(now.dwHighDateTime) << 32U | now.dwLowDateTime;
    const std::uint64_t minute = (ticks / 10'000 - now_millis()) / 65'536;
    std::array<std::byte, 16> id{};
    bytes::store_le(std::span(id), 0, minute);
    return id;
}

std::vector<std::string> system_facts()
{
    std::wstring name(256, L'\0');
    auto length = static_cast<DWORD>(name.size());
    ::GetComputerNameW(name.data(), &length);
    name.resize(length);
    SYSTEM_INFO system{};
    ::GetNativeSystemInfo(&system);
    OSVERSIONINFOW version{};
    version.dwOSVersionInfoSize = sizeof version;
    using GetVersion = LONG(WINAPI*)(OSVERSIONINFOW*);
    // GetVersionEx lies to programs without a manifest.
    if (const HMODULE ntdll = ::GetModuleHandleW(L"ntdll.dll"))
        if (const auto function = reinterpret_cast<GetVersion>(
                reinterpret_cast<void*>(::GetProcAddress(ntdll, "RtlGetVersion"))))
            function(&version);
    const std::string kernel = std::to_string(version.dwMajorVersion) + "." +
                               std::to_string(version.dwMinorVersion) + "." +
                               std::to_string(version.dwBuildNumber);
    return {"agent=" XENLAB_VERSION,
            "os=Windows " + kernel,
            "system=Windows",
            "kernel=" + kernel,
            std::string("machine=") +
                (system.wProcessorArchitecture == PROCESSOR_ARCHITECTURE_AMD64 ? "x86_64" : "i686"),
            "hostname=" + narrow(name),
            "uptime=" + std::to_string(now_millis() / 1000)};
}

namespace {

Options& service_options()
{
    static Options options;
    return options;
}

SERVICE_STATUS_HANDLE& service_handle()
{
    static SERVICE_STATUS_HANDLE handle = nullptr;
    return handle;
}

void report(DWORD state)
{
    SERVICE_STATUS status{};
    status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    status.dwCurrentState = state;
    status.dwControlsAccepted = SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN;
    ::SetServiceStatus(service_handle(), &status);
}

void WINAPI on_control(DWORD control)
{
    if (control != SERVICE_CONTROL_STOP && control != SERVICE_CONTROL_SHUTDOWN)
        return;
    report(SERVICE_STOPPED);
    ::ExitProcess(0); // closing the job objects ends what runs
}

void WINAPI service_main(DWORD, LPWSTR*)
{
    service_handle() = ::RegisterServiceCtrlHandlerW(L"serial-agent", on_control);
    report(SERVICE_RUNNING);
    run_agent(service_options());
    report(SERVICE_STOPPED);
}

} // namespace

int run_service(const Options& options)
{
    service_options() = options;
    std::wstring name = L"serial-agent";
    const SERVICE_TABLE_ENTRYW table[] = {{name.data(), service_main}, {nullptr, nullptr}};
    return ::StartServiceCtrlDispatcherW(table) ? 0 : run_agent(options);
}

} // namespace xenlab::agent
#endif
