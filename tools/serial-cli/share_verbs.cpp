// SPDX-License-Identifier: GPL-3.0-or-later
// kd and share: the bytes of the port for other programs. kd is for debuggers: one peer, nothing
// added, nothing else on the port meanwhile. share is for people: the first peer writes, all read.
#include "verbs.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <list>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

namespace xenlab::serial_cli {
namespace {

struct Options {
    std::string listen, pty;
    bool once = false;
};

io::Fd listen_tcp(const Target& at, std::string& shown)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(at.port);
    if (at.host != "127.0.0.1" && at.host != "localhost")
        throw Error(Errc::usage, "only 127.0.0.1 is listened on: there is no password",
                    "from elsewhere come by ssh -L");
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    io::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    socklen_t length = sizeof address;
    auto* any =
        reinterpret_cast<sockaddr*>(&address); // the common face of addresses (sockaddr(3type))
    if (::bind(fd.get(), any, length) != 0 || ::listen(fd.get(), 8) != 0 ||
        ::getsockname(fd.get(), any, &length) != 0)
        throw system_error(errno, shown);
    shown = fmt::format("127.0.0.1:{}", ntohs(address.sin_port));
    return fd;
}

class UnixFile {
  public:
    explicit UnixFile(std::string path) : path_(std::move(path)) {}
    ~UnixFile()
    {
        if (!path_.empty())
            ::unlink(path_.c_str());
    }
    UnixFile(const UnixFile&) = delete;
    UnixFile& operator=(const UnixFile&) = delete;

  private:
    std::string path_;
};

io::Fd listen_unix(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        throw Error(Errc::usage, fmt::format("{}: too long for a socket", text::printable(path)));
    std::memcpy(address.sun_path, path.data(), path.size());
    io::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const mode_t mask = ::umask(0177);
    const int bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int error = errno;
    ::umask(mask);
    if (bound != 0 || ::listen(fd.get(), 8) != 0)
        throw system_error(bound != 0 ? error : errno, text::printable(path));
    return fd;
}

struct Terminal {
    io::Fd master, slave;
    std::string link;
    ~Terminal()
    {
        if (!link.empty())
            ::unlink(link.c_str());
    }
};

void open_terminal(Terminal& terminal, const std::string& link)
{
    terminal.master = io::Fd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
    if (!terminal.master || ::grantpt(terminal.master.get()) != 0 ||
        ::unlockpt(terminal.master.get()) != 0)
        throw system_error(errno, "no pseudo-terminal");
    const std::string name = ::ptsname(terminal.master.get());
    terminal.slave = io::Fd(::open(
        name.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC)); // else reads fail until somebody comes
    termios mode{};
    ::tcgetattr(terminal.slave.get(), &mode);
    ::cfmakeraw(&mode);
    ::tcsetattr(terminal.slave.get(), TCSANOW, &mode);
    if (::symlink(name.c_str(), link.c_str()) != 0)
        throw system_error(errno, text::printable(link));
    terminal.link = link;
}

struct Peer {
    io::Fd fd;
    Buffer out;
};

/// Moves bytes between the broker and the peers until a stop is requested.
class Bridge {
  public:
    Bridge(Client& client, bool debug) : client_(client), debug_(debug) {}

    void run(int listener, int terminal, bool once)
    {
        watch(listener);
        watch(terminal);
        for (;;) {
            const bool pending =
                !terminal_out_.empty() ||
                std::ranges::any_of(peers_, [](const Peer& p) { return !p.out.empty(); });
            const auto pause = std::chrono::milliseconds(pending ? 10 : 60'000);
            const auto event =
                client_.next(Client::Clock::now() + pause, ready_.get(), client_.drained());
            if (event && event->kind == Client::Event::Kind::bytes)
                distribute(event->body, terminal >= 0);
            for (Peer& peer : peers_)
                flush(peer.fd.get(), peer.out);
            if (terminal >= 0)
                move_terminal(terminal);
            if (event)
                continue;
            std::erase_if(peers_, [&](Peer& peer) { return !serve(peer); });
            if (listener >= 0)
                accept(listener);
            if (once && had_peer_ && peers_.empty())
                return;
        }
    }

  private:
    void watch(int fd) const
    {
        epoll_event wanted{};
        wanted.events = EPOLLIN;
        if (fd >= 0 && ::epoll_ctl(ready_.get(), EPOLL_CTL_ADD, fd, &wanted) != 0)
            throw system_error(errno, "epoll");
    }

    void distribute(View body, bool terminal)
    {
        for (Peer& peer : peers_)
            peer.out.insert(peer.out.end(), body.begin(), body.end());
        if (terminal)
            terminal_out_.insert(terminal_out_.end(), body.begin(), body.end());
    }

    static void flush(int fd, Buffer& out)
    {
        while (!out.empty()) {
            const ssize_t count = ::write(fd, out.data(), out.size());
            if (count <= 0)
                break;
            out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count));
        }
        if (out.size() > (4U << 20U))
            out.clear(); // nobody reads there
    }

    void move_terminal(int fd)
    {
        flush(fd, terminal_out_);
        std::array<std::byte, 4096> buffer{};
        ssize_t count = 0;
        while (client_.drained() && (count = ::read(fd, buffer.data(), buffer.size())) > 0)
            client_.write(View(buffer).first(static_cast<std::size_t>(count)));
    }

    /// False when the peer has gone.
    bool serve(Peer& peer)
    {
        if (!client_.drained())
            return true;
        std::array<std::byte, 16384> buffer{};
        const ssize_t count = ::read(peer.fd.get(), buffer.data(), buffer.size());
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            return true;
        if (count <= 0)
            return false;
        if (&peer == &peers_.front())
            client_.write(View(buffer).first(static_cast<std::size_t>(count)));
        return true;
    }

    void accept(int listener)
    {
        io::Fd fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!fd || (debug_ && !peers_.empty()))
            return; // a second debugger would get half of the bytes
        const int on = 1;
        ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(fd.get());
        peers_.push_back({std::move(fd), {}});
        had_peer_ = true;
    }

    Client& client_;
    bool debug_, had_peer_ = false;
    io::Fd ready_{::epoll_create1(EPOLL_CLOEXEC)};
    std::list<Peer> peers_;
    Buffer terminal_out_;
};

int bridge(const Globals& globals, const Options& o, cli::Context& context, bool debug)
{
    if (o.listen.empty() == o.pty.empty())
        throw Error(Errc::usage,
                    debug ? "either --listen or --pty is needed" : "--listen is needed");
    Client client(globals, context);
    client.raw(debug ? RawMode::exclusive : RawMode::writer);
    io::Fd listener;
    Terminal terminal;
    std::string shown = o.pty.empty() ? o.listen : o.pty;
    std::optional<UnixFile> file;
    if (!o.pty.empty()) {
        open_terminal(terminal, o.pty);
    } else if (o.listen.starts_with("unix:") || o.listen.find(':') == std::string::npos) {
        const std::string path = o.listen.starts_with("unix:") ? o.listen.substr(5) : o.listen;
        listener = listen_unix(path);
        file.emplace(path);
    } else {
        const bool any_port = o.listen.ends_with(":0"); // the system chooses
        Target at =
            parse_target(any_port ? o.listen.substr(0, o.listen.size() - 1) + "1" : o.listen);
        at.port = any_port ? 0 : at.port;
        listener = listen_tcp(at, shown);
    }
    context.out().write(as_view(text::printable(shown) + "\n"));
    context.out().flush();
    ::signal(SIGPIPE, SIG_IGN);
    Bridge(client, debug)
        .run(listener ? listener.get() : -1, terminal.master ? terminal.master.get() : -1, o.once);
    return 0;
}

void declare_kd(cli::OptionSet& set, Options& o)
{
    set.add_option("--listen", o.listen, "Where the debugger connects: 127.0.0.1:PORT or unix:PATH")
        .type_name("ADDRESS");
    set.add_option("--pty", o.pty, "Make a pseudo-terminal and a link to it").type_name("LINK");
    set.add_flag("--once", o.once, "End when the debugger has disconnected");
}

int kd(const Globals& globals, const Options& o, cli::Context& context)
{
    return bridge(globals, o, context, true);
}

void declare_share(cli::OptionSet& set, Options& o)
{
    set.add_option("--listen", o.listen, "Socket to listen on: PATH, unix:PATH or 127.0.0.1:PORT")
        .type_name("ADDRESS");
}

int share(const Globals& globals, const Options& o, cli::Context& context)
{
    return bridge(globals, o, context, false);
}

const cli::ToolInfo kd_info{
    .name = "kd",
    .summary = "give the port to a kernel debugger, byte for byte",
    .schema = "serial-cli.kd/1",
    .formats = {cli::Format::tsv},
    .examples =
        {{"serial-cli -t pty:guest kd --listen 127.0.0.1:7003",
          "For gdb: target remote 127.0.0.1:7003; for WinDbg: -k com:ipport=7003,port=127.0.0.1"}},
};

const cli::ToolInfo share_info{
    .name = "share",
    .summary = "let several programs read the port, and the first of them write",
    .schema = "serial-cli.share/1",
    .formats = {cli::Format::tsv},
    .examples = {{"serial-cli -t pty:guest share --listen ./guest.sock",
                  "For socat, minicom or a script"}},
};

} // namespace

Verb kd_verb()
{
    return cli::make_verb<Globals, Options>(kd_info, declare_kd, kd);
}

Verb share_verb()
{
    return cli::make_verb<Globals, Options>(share_info, declare_share, share);
}

} // namespace xenlab::serial_cli
