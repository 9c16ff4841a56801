// SPDX-License-Identifier: GPL-3.0-or-later
// serial-agent: runs in the guest and answers serial-cli on a serial port.
#include "agent.hpp"
#include "service.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

namespace {

using namespace xenlab;
using namespace xenlab::agent;

constexpr std::string_view help =
    R"(serial-agent - run commands and copy files for serial-cli, over a serial port

Examples:
  serial-agent --port /dev/ttyS0
  serial-agent --port COM1 --baud 115200
  serial-agent --port /dev/hvc0       (PV console: small frames and window by itself)

Options:
  --port PATH          Serial port, terminal or pseudo-terminal; on Windows COM1, COM12...
  --baud N             Speed (default 115200)
  --secret-file FILE   Serve only who knows the first line of this file
  --mtu N              Most payload bytes of a frame, 64 to 2048 (default 2048, hvc0: 512)
  --window N           Most bytes taken in unacknowledged, 512 to 32768 (default 24576, hvc0: 8192)
  --once               Exit when the port goes away instead of waiting for it
  --service            Run as a Windows service
  -h, --help           Show this help
  --version            Show the version
)";

int usage(const std::string& words)
{
    std::fprintf(stderr, "serial-agent: error: %s\nserial-agent: hint: see serial-agent --help\n",
                 words.c_str());
    return 2;
}

std::optional<unsigned> number(const std::string& text, unsigned least, unsigned most)
{
    if (text.empty() || text.size() > 8 ||
        text.find_first_not_of("0123456789") != std::string::npos)
        return std::nullopt;
    const auto value = static_cast<unsigned>(std::stoul(text));
    return value >= least && value <= most ? std::optional(value) : std::nullopt;
}

/// hvc0 of Linux, xvc0 of old kernels.
bool is_pv_console(const std::string& port)
{
    const std::string name = port.substr(port.rfind('/') + 1);
    return name.rfind("hvc", 0) == 0 || name.rfind("xvc", 0) == 0;
}

/// Writes what the link has to say; true when the port takes no more now.
bool flush(Agent& agent, Port& port, Buffer& out, Millis now)
{
    for (;;) {
        agent.fill(out, now);
        if (out.empty())
            return false;
        const std::size_t count = port.write(out);
        out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count));
        if (!out.empty())
            return true;
    }
}

/// Serves until the port has gone.
void serve(Agent& agent, Port& port)
{
    Buffer out;
    Buffer in(4096);
    for (;;) {
        const Millis now = now_millis();
        std::size_t count = 0;
        for (int burst = 0; burst < 16 && (count = port.read(in)) > 0; ++burst)
            agent.receive(View(in).first(count), now);
        const bool busy = agent.step(now);
        const bool blocked = flush(agent, port, out, now);
        if (busy && !blocked)
            continue;
        wait_for(port, blocked, agent.interests(), agent.wakeup(now));
    }
}

} // namespace

namespace xenlab::agent {

int run_agent(const Options& options)
{
    Agent agent(options.secret, options.mtu, options.window);
    bool told = false;
    for (;;) {
        try {
            const auto port = Port::open(options.port, options.baud);
            told = false;
            serve(agent, *port);
        } catch (const SystemFailure& failure) {
            if (!told)
                std::fprintf(stderr, "serial-agent: %s\n", failure.what());
            told = true;
            if (options.once || failure.code() == 2)
                return static_cast<int>(failure.code());
        }
        pause_millis(500);
    }
}

} // namespace xenlab::agent

int main(int argc, char** argv)
{
    Options options;
    bool service = false, mtu_given = false, window_given = false;
    for (int i = 1; i < argc; ++i) {
        std::string name = argv[i], value;
        if (name == "-h" || name == "--help") {
            std::fwrite(help.data(), 1, help.size(), stdout);
            return 0;
        }
        if (name == "--version") {
            std::puts("serial-agent " XENLAB_VERSION);
            return 0;
        }
        if (name == "--once" || name == "--service") {
            (name == "--once" ? options.once : service) = true;
            continue;
        }
        if (const std::size_t equals = name.find('='); equals != std::string::npos) {
            value = name.substr(equals + 1);
            name.resize(equals);
        } else if (i + 1 < argc) {
            value = argv[++i];
        } else {
            return usage(name + " wants a value");
        }
        const auto set = [&](auto& place, unsigned least, unsigned most) {
            const auto parsed = number(value, least, most);
            if (parsed)
                place = static_cast<std::remove_reference_t<decltype(place)>>(*parsed);
            return parsed.has_value();
        };
        bool good = true;
        if (name == "--port")
            options.port = value;
        else if (name == "--baud")
            good = set(options.baud, 50, 4'000'000);
        else if (name == "--mtu")
            good = mtu_given = set(options.mtu, 64, 2048);
        else if (name == "--window")
            good = window_given = set(options.window, 512, 32'768);
        else if (name == "--secret-file") {
            std::ifstream file(value);
            std::getline(file, options.secret);
            if (options.secret.empty())
                return usage(value + ": cannot be read, or its first line is empty");
        } else {
            return usage("unknown option " + name);
        }
        if (!good)
            return usage("impossible value of " + name);
    }
    if (options.port.empty())
        return usage("--port is missing");
    if (is_pv_console(options.port)) { // its ring takes 1024 bytes (xen/interface/io/console.h)
        options.mtu = mtu_given ? options.mtu : 512;
        options.window = window_given ? options.window : 8192;
    }
    return service ? run_service(options) : run_agent(options);
}
