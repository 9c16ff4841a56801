// SPDX-License-Identifier: GPL-3.0-or-later
#ifdef _WIN32
#include "windows.hpp"

#include <algorithm>

namespace xenlab::agent {
namespace {

struct PipeEnds {
    Handle read, write;
    /// `ours`: the end that the child must not inherit.
    explicit PipeEnds(bool ours_is_read)
    {
        SECURITY_ATTRIBUTES inherit{sizeof inherit, nullptr, TRUE};
        if (!::CreatePipe(read.place(), write.place(), &inherit, 64 * 1024))
            throw SystemFailure(126, "CreatePipe: " + last_error(::GetLastError()));
        ::SetHandleInformation(ours_is_read ? read.get() : write.get(), HANDLE_FLAG_INHERIT, 0);
    }
};

/// As CommandLineToArgvW takes it apart again.
void append_argument(std::wstring& line, const std::wstring& argument)
{
    if (!line.empty())
        line += L' ';
    if (!argument.empty() && argument.find_first_of(L" \t\n\v\"") == std::wstring::npos) {
        line += argument;
        return;
    }
    line += L'"';
    std::size_t slashes = 0;
    for (const wchar_t c : argument) {
        if (c == L'\\') {
            ++slashes;
            continue;
        }
        line.append(c == L'"' ? slashes * 2 + 1 : slashes, L'\\');
        slashes = 0;
        line += c;
    }
    line.append(slashes * 2, L'\\');
    line += L'"';
}

std::wstring command_line(const ExecSpec& spec)
{
    std::wstring line;
    if (spec.command.empty()) {
        for (const std::string& word : spec.argv)
            append_argument(line, wide(word));
        return line;
    }
    if (spec.shell == "ps" || spec.shell == "powershell") {
        line = L"powershell.exe -NoProfile -NonInteractive -Command";
        append_argument(line, wide(spec.command));
        return line;
    }
    if (!spec.shell.empty() && spec.shell != "cmd") {
        append_argument(line, wide(spec.shell));
        line += L" -c";
        append_argument(line, wide(spec.command));
        return line;
    }
    // With /s cmd takes off the outer quotes and leaves everything between them alone.
    return L"cmd.exe /d /s /c \"" + wide(spec.command) + L"\"";
}

/// The environment of the agent with the changes, as a block.
std::wstring environment_for(const ExecSpec& spec)
{
    std::vector<std::wstring> all;
    const auto set = [&](const std::wstring& entry) {
        const std::size_t length = entry.find(L'=', 1);
        std::erase_if(all, [&](const std::wstring& old) {
            return old.size() > length &&
                   ::CompareStringOrdinal(old.c_str(), static_cast<int>(length + 1), entry.c_str(),
                                          static_cast<int>(length + 1), TRUE) == CSTR_EQUAL;
        });
        all.push_back(entry);
    };
    wchar_t* const mine = ::GetEnvironmentStringsW();
    for (const wchar_t* one = mine; one != nullptr && *one != L'\0';
         one += std::wstring_view(one).size() + 1)
        all.emplace_back(one);
    if (mine != nullptr)
        ::FreeEnvironmentStringsW(mine);
    for (const std::string& entry : spec.environment)
        if (entry.find('=') != std::string::npos)
            set(wide(entry));
    std::wstring block;
    for (const std::wstring& entry : all)
        block += entry + L'\0';
    return block + L'\0';
}

class WindowsChild final : public Child {
  public:
    explicit WindowsChild(const ExecSpec& spec)
    {
        if (spec.terminal)
            throw SystemFailure(126, "there is no terminal on Windows");
        if (!spec.user.empty())
            throw SystemFailure(126, "another user would need a password on Windows");
        PipeEnds input(false), output(true), errors(true);
        STARTUPINFOW start{};
        start.cb = sizeof start;
        start.dwFlags = STARTF_USESTDHANDLES;
        start.hStdInput = input.read.get();
        start.hStdOutput = output.write.get();
        start.hStdError = errors.write.get();
        std::wstring line = command_line(spec);
        std::wstring environment = environment_for(spec);
        const std::wstring folder = wide_path(spec.directory);
        job_ = Handle(::CreateJobObjectW(nullptr, nullptr));
        set_kill_on_close(true);
        PROCESS_INFORMATION made{};
        if (!::CreateProcessW(nullptr, line.data(), nullptr, nullptr, TRUE,
                              CREATE_NO_WINDOW | CREATE_SUSPENDED | CREATE_UNICODE_ENVIRONMENT |
                                  CREATE_NEW_PROCESS_GROUP,
                              environment.data(), folder.empty() ? nullptr : folder.c_str(), &start,
                              &made)) {
            const DWORD error = ::GetLastError();
            const bool absent = error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND;
            const std::string what = error == ERROR_DIRECTORY ? spec.directory
                                     : spec.argv.empty()      ? spec.command
                                                              : spec.argv.front();
            throw SystemFailure(absent ? 127 : 126, what + ": " + last_error(error));
        }
        process_ = Handle(made.hProcess);
        const Handle thread(made.hThread);
        pid_ = made.dwProcessId;
        ::AssignProcessToJobObject(job_.get(), process_.get());
        ::ResumeThread(thread.get());
        in_ = std::move(input.write);
        out_ = std::move(output.read);
        err_ = std::move(errors.read);
        DWORD mode = PIPE_NOWAIT;
        ::SetNamedPipeHandleState(in_.get(), &mode, nullptr, nullptr);
        if (spec.no_stdin)
            in_.close();
    }

    ~WindowsChild() override
    {
        if (!WindowsChild::ended())
            WindowsChild::kill_tree();
        else
            set_kill_on_close(false); // what it left running was meant to stay
    }
    WindowsChild(const WindowsChild&) = delete;
    WindowsChild& operator=(const WindowsChild&) = delete;

    std::optional<std::size_t> read(Stream stream, std::span<std::byte> buffer) override
    {
        Handle& pipe = stream == Stream::out ? out_ : err_;
        DWORD there = 0;
        if (!pipe)
            return std::nullopt;
        if (!::PeekNamedPipe(pipe.get(), nullptr, 0, nullptr, &there, nullptr)) {
            pipe.close();
            return std::nullopt;
        }
        if (there == 0)
            return 0;
        DWORD count = 0;
        if (!::ReadFile(pipe.get(), buffer.data(),
                        static_cast<DWORD>(std::min<std::size_t>(buffer.size(), there)), &count,
                        nullptr))
            return std::nullopt;
        return count;
    }

    std::optional<std::size_t> write(View data) override
    {
        if (!in_)
            return std::nullopt;
        DWORD count = 0;
        // A pipe without waiting takes all or nothing, so small pieces.
        const auto size = static_cast<DWORD>(std::min<std::size_t>(data.size(), 4096));
        if (!::WriteFile(in_.get(), data.data(), size, &count, nullptr)) {
            const DWORD error = ::GetLastError();
            if (error == ERROR_BROKEN_PIPE || error == ERROR_NO_DATA)
                return std::nullopt;
        }
        return count;
    }

    void close_input() override { in_.close(); }

    std::optional<ExitStatus> ended() override
    {
        if (!status_ && ::WaitForSingleObject(process_.get(), 0) == WAIT_OBJECT_0) {
            DWORD code = 0;
            ::GetExitCodeProcess(process_.get(), &code);
            status_ = ExitStatus{false, code};
        }
        return status_;
    }

    void send_signal(unsigned number) override
    {
        if (number == 2)
            ::GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, pid_);
        else if (number != 0)
            kill_tree();
    }

    void kill_tree() override
    {
        ::TerminateJobObject(job_.get(), 137);
        ::TerminateProcess(process_.get(), 137);
    }

    void resize(unsigned, unsigned) override {}
    [[nodiscard]] std::uint32_t pid() const override { return pid_; }

  private:
    void set_kill_on_close(bool on)
    {
        JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits{};
        limits.BasicLimitInformation.LimitFlags = on ? JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE : 0;
        ::SetInformationJobObject(job_.get(), JobObjectExtendedLimitInformation, &limits,
                                  sizeof limits);
    }

    Handle job_, process_, in_, out_, err_;
    DWORD pid_ = 0;
    std::optional<ExitStatus> status_;
};

} // namespace

std::unique_ptr<Child> Child::start(const ExecSpec& spec)
{
    return std::make_unique<WindowsChild>(spec);
}

} // namespace xenlab::agent
#endif
