// SPDX-License-Identifier: GPL-3.0-or-later
// xvm console: the screen of a VM for viewers and browsers, as a picture, keys for it; and its text
// console.
#include "console_listener.hpp"
#include "console_proxy.hpp"
#include "console_text.hpp"
#include "console_web.hpp"
#include "png.hpp"
#include "rows.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/io/process.hpp>
#include <xenlab/transfer/console.hpp>
#include <xenlab/transport/wait_any.hpp>

#include <fmt/format.h>

#include <mutex>

#include <sys/wait.h>

namespace xvm {
namespace {

struct Options {
    std::string vm, listen, shot, keys;
    std::optional<std::string> web;
    bool open = false, text = false;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("VM", o.vm, "Name or uuid").required();
    set.add_option("--listen", o.listen,
                   "Serve the screen as VNC at this address; port 0 is any free one")
        .type_name("ADDR:PORT");
    set.add_flag("--open", o.open, "Start a viewer, and end with it");
    set.add_option("--web", o.web, "Serve the screen to one browser; the address is printed")
        .type_name("[ADDR:PORT]")
        .expected(0, 1);
    set.add_flag("--text", o.text, "Connect this terminal to the text console; ctrl-] ends");
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
    const auto server = transfer::open_console(*vm.pool, vm.ref, transfer::ConsoleKind::graphical,
                                               deadline, context.stop);
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
        try {
            return io::start_process(command.front(), command,
                                     {.out = io::ProcessOptions::nothing});
        } catch (const Error& error) {
            if (error.code() != Errc::not_found)
                throw;
        }
    }
    throw Error(Errc::not_found, "no VNC viewer is installed",
                "remote-viewer, vncviewer and gvncviewer are looked for; or use --listen");
}

/// What the threads of viewers have to say.
class Words {
  public:
    Words(const lab::VmTarget& vm, cli::Context& context)
        : name_(text::printable(vm.label())), context_(context)
    {
    }
    void say(std::string_view text)
    {
        const std::lock_guard lock(mutex_);
        context_.note(fmt::format("{}: {}", name_, text));
    }
    /// Runs `act`. Visitors that go without a word, or whom we ask to go, are nothing to talk
    /// about.
    void told(const std::function<void()>& act)
    {
        try {
            act();
        } catch (const Error& error) {
            if (error.code() != Errc::interrupted && error.code() != Errc::unreachable)
                say(error.what());
        }
    }

  private:
    std::mutex mutex_;
    std::string name_;
    cli::Context& context_;
};

constexpr std::size_t most_viewers = 32;

void print_line(cli::Context& context, const std::string& line)
{
    context.out().write(line + "\n");
    context.out().flush();
}

/// Until stopped, or until the viewer that we have started has ended.
void serve_viewers(const lab::VmTarget& vm, const Options& o, cli::Context& context)
{
    const Listener listener = listen_at(o.listen.empty() ? "127.0.0.1:0" : o.listen);
    print_line(context, listener.address);
    Words words(vm, context);
    const pid_t viewer = o.open ? start_viewer(listener.address) : 0;
    const auto act = [&](io::Fd peer, Visitor& visitor) {
        visitor.known = true; // by the rules of VNC without a password
        const auto stop = visitor.stop.get_token();
        words.told([&] {
            ConsoleProxy(*vm.pool, vm.ref,
                         transport::socket_channel(std::move(peer), "the viewer", stop), stop,
                         [&](std::string_view text) { words.say(text); })
                .run();
        });
    };
    const auto ended = [&] { return viewer > 0 && ::waitpid(viewer, nullptr, WNOHANG) == viewer; };
    serve_visitors(listener, most_viewers, act, ended, context.stop);
}

void serve_browser(const lab::VmTarget& vm, const Options& o, cli::Context& context)
{
    Words words(vm, context);
    ConsoleWeb web([&](std::unique_ptr<transport::Channel> browser, const std::stop_token& stop) {
        ConsoleProxy(*vm.pool, vm.ref, std::move(browser), stop, [&](std::string_view text) {
            words.say(text);
        }).run();
    });
    const Listener listener = listen_at(o.web->empty() ? "127.0.0.1:0" : *o.web);
    if (!listener.address.starts_with("127."))
        context.warning("what passes over this address is not encrypted");
    print_line(context, web.url(listener));
    serve_visitors(
        listener, most_viewers,
        [&](io::Fd peer, Visitor& visitor) {
            words.told([&] { web.serve(std::move(peer), visitor); });
        },
        [] { return false; }, context.stop);
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    const bool acts = !o.shot.empty() || !o.keys.empty();
    const bool listens = o.open || !o.listen.empty();
    if (int{acts} + int{listens} + int{o.web.has_value()} + int{o.text} != 1)
        throw Error(Errc::usage,
                    "give one of --listen or --open, --web, --text, or --type and --shot",
                    "xvm console web1 --shot screen.png");
    lab::Pools pools = open_pools(globals, context);
    const lab::VmTarget vm = lab::resolve_vm(pools, o.vm);
    return with_names(*vm.pool, [&] {
        if (listens)
            serve_viewers(vm, o, context);
        if (o.web)
            serve_browser(vm, o, context);
        try {
            if (acts)
                type_and_shoot(vm, o, context);
            if (o.text)
                text_console(vm, context);
        } catch (const xapi::Fault&) {
            throw;
        } catch (const Error& error) {
            throw error.within(text::printable(vm.label()));
        }
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
         .summary =
             "the screen of a VM for viewers and browsers or as a picture, and its text console",
         .schema = "xvm.console/1",
         .timeout_option = true,
         .examples =
             {
                 {"xvm console web1 --shot - > screen.png", "What it shows"},
                 {"xvm console web1 --type 'root<Enter>' --shot - > login.png",
                  "Press keys, and see what comes of it"},
             },
         .completes = {"VM", "CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm
