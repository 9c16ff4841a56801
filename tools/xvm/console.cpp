// SPDX-License-Identifier: GPL-3.0-or-later
// xvm console: the screen of a VM for any viewer, as a picture, and keys for it.
#include "console_proxy.hpp"
#include "png.hpp"
#include "rows.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/transfer/console.hpp>
#include <xenlab/transport/wait_any.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <spawn.h>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

extern char** environ; // NOLINT: POSIX

namespace xvm {
namespace {

struct Options {
    std::string vm, listen, shot, keys;
    bool open = false;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("VM", o.vm, "Name or uuid").required();
    set.add_option("--listen", o.listen,
                   "Serve the screen as VNC at this address; port 0 is any free one")
        .type_name("ADDR:PORT");
    set.add_flag("--open", o.open, "Start a viewer, and end with it");
    set.add_option("--type", o.keys, "Press these keys: text, <Enter>, <C-A-Del>, << for <")
        .type_name("KEYS");
    set.add_option("--shot", o.shot, "Save a picture of the screen (PNG); after the keys")
        .type_name("FILE");
}

void pause(std::chrono::milliseconds time, const std::stop_token& stop)
{
    transport::wait_any({}, transport::deadline_in(time), stop);
}

void type_and_shoot(const lab::VmTarget& vm, const Options& o, cli::Context& context)
{
    const auto keys = rfb::parse_keys(o.keys);
    const auto limit = context.shared.timeout.count() > 0
                           ? context.shared.timeout
                           : std::chrono::milliseconds(std::chrono::seconds(30));
    const auto deadline = transport::deadline_in(limit);
    const auto server = transfer::open_console(*vm.pool, vm.ref, deadline);
    const rfb::Screen screen = rfb::greet_server(*server, deadline);
    for (const rfb::Key& key : keys) {
        server->write(rfb::encode(key), {}, deadline);
        pause(std::chrono::milliseconds(10), context.stop); // a guest's BIOS misses faster ones
    }
    if (o.shot.empty()) {
        pause(std::chrono::milliseconds(200), context.stop); // they must arrive before the end
        return;
    }
    const rfb::Picture picture = rfb::take_picture(*server, screen, deadline);
    const std::string png = encode_png(picture.width, picture.height, picture.rgb);
    if (o.shot == "-") {
        context.out(cli::Context::Content::binary).write(png);
    } else {
        io::FileSink file(o.shot);
        file.write(png);
        file.finish();
    }
}

struct Listener {
    io::Fd socket;
    std::string address; ///< "127.0.0.1:5901"
};

Listener listen_at(const std::string& where)
{
    const std::size_t colon = where.rfind(':');
    constexpr std::uint64_t none = 65536;
    const std::uint64_t port =
        colon == std::string::npos
            ? none
            : text::parse_u64(std::string_view(where).substr(colon + 1)).value_or(none);
    const std::string host =
        colon == 0 ? "127.0.0.1" : where.substr(0, std::min(colon, where.size()));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    if (port >= none || ::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
        throw Error(Errc::usage, fmt::format("{} is not ADDR:PORT", text::quoted(where)),
                    "for instance 127.0.0.1:5901");
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    Listener listener{io::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), {}};
    const int yes = 1;
    ::setsockopt(listener.socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    auto* generic = reinterpret_cast<sockaddr*>(&address); // NOLINT: the sockets API
    if (::bind(listener.socket.get(), generic, sizeof address) != 0 ||
        ::listen(listener.socket.get(), 8) != 0)
        throw system_error(errno, where);
    socklen_t length = sizeof address;
    ::getsockname(listener.socket.get(), generic, &length);
    listener.address = fmt::format("{}:{}", host, ntohs(address.sin_port));
    return listener;
}

/// The first of the usual viewers that is installed.
pid_t start_viewer(const std::string& address)
{
    const std::size_t colon = address.rfind(':');
    const std::string host = address.substr(0, colon), port = address.substr(colon + 1);
    const std::vector<std::vector<std::string>> viewers{
        {"remote-viewer", fmt::format("vnc://{}", address)},
        {"vncviewer", fmt::format("{}::{}", host, port)},
        {"gvncviewer", fmt::format("{}::{}", host, port)},
    };
    for (const auto& command : viewers) {
        std::vector<char*> words;
        for (const std::string& word : command)
            words.push_back(const_cast<char*>(word.c_str())); // NOLINT: posix_spawn does not write
        words.push_back(nullptr);
        pid_t pid = 0;
        if (::posix_spawnp(&pid, words.front(), nullptr, nullptr, words.data(), environ) == 0)
            return pid;
    }
    throw Error(Errc::not_found, "no VNC viewer is installed",
                "remote-viewer, vncviewer and gvncviewer are looked for; or use --listen");
}

/// Accepts viewers, each served by a thread, until stopped or until `viewer` (if any) has ended.
void serve(const lab::VmTarget& vm, const Listener& listener, pid_t viewer, cli::Context& context)
{
    std::mutex words; // of context, which belongs to one thread
    const auto say = [&](std::string_view text) {
        const std::lock_guard lock(words);
        context.note(fmt::format("{}: {}", text::printable(vm.label()), text));
    };
    std::vector<std::jthread> threads;
    while (!context.stop.stop_requested()) {
        if (viewer > 0 && ::waitpid(viewer, nullptr, WNOHANG) == viewer)
            break;
        pollfd wait{.fd = listener.socket.get(), .events = POLLIN, .revents = 0};
        if (::poll(&wait, 1, 200) <= 0)
            continue;
        io::Fd peer(::accept4(listener.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!peer)
            continue;
        threads.emplace_back([&, fd = std::make_shared<io::Fd>(std::move(peer))] {
            try {
                ConsoleProxy(*vm.pool, vm.ref,
                             transport::socket_channel(std::move(*fd), "the viewer", context.stop),
                             context.stop, say)
                    .run();
            } catch (const Error& error) {
                // A viewer that goes without a word is nothing to talk about.
                if (error.code() != Errc::interrupted && error.code() != Errc::unreachable)
                    say(error.what());
            }
        });
    }
    threads.clear(); // their viewers end with the stop request, or with themselves
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    const bool serves = o.open || !o.listen.empty();
    const bool acts = !o.shot.empty() || !o.keys.empty();
    if (serves == acts)
        throw Error(Errc::usage, "give --listen or --open, or else --type or --shot",
                    "xvm console web1 --shot screen.png");
    lab::Pools pools = open_pools(globals, context);
    const lab::VmTarget vm = lab::resolve_vm(pools, o.vm);
    return with_names(*vm.pool, [&] {
        try {
            if (acts) {
                type_and_shoot(vm, o, context);
                return 0;
            }
        } catch (const xapi::Fault&) {
            throw;
        } catch (const Error& error) {
            throw error.within(text::printable(vm.label()));
        }
        const Listener listener = listen_at(o.listen.empty() ? "127.0.0.1:0" : o.listen);
        context.out().write(listener.address + "\n");
        context.out().flush();
        serve(vm, listener, o.open ? start_viewer(listener.address) : 0, context);
        if (context.stop.stop_requested())
            throw Error(Errc::interrupted, "interrupted");
        return 0;
    });
}

} // namespace

Verb console_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "console",
         .summary = "the screen of a VM for any viewer, as a picture, and keys for it",
         .schema = "xvm.console/1",
         .timeout_option = true,
         .examples = {{"xvm console web1 --shot - > screen.png", "What it shows"},
                      {"xvm console web1 --type 'root<Enter>' --shot - > login.png",
                       "Press keys, and see what comes of it"}},
         .completes = {"VM", "CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm
