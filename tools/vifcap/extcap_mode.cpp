// SPDX-License-Identifier: GPL-3.0-or-later
// Wireshark's extcap protocol (doc/extcap.4, README.extcap): sentences on standard output. It is
// called at every start of Wireshark, so trouble with the pool is an empty list, told on stderr.
#include "nics.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/pcap/filter.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace vifcap {

using namespace xenlab;

namespace {

constexpr std::string_view prefix = "vifcap:";

/// Braces end a value of a sentence, and Wireshark knows no escape for them.
std::string value(const std::string& foreign)
{
    std::string text = text::printable(foreign);
    std::replace(text.begin(), text.end(), '{', '(');
    std::replace(text.begin(), text.end(), '}', ')');
    return text;
}

/// Wireshark's window waits for us.
class Hurry {
  public:
    explicit Hurry(std::stop_token stop)
        : stop_(std::move(stop), [this] { ends_.request_stop(); }),
          timer_([this](const std::stop_token& done) {
              std::mutex mutex;
              std::condition_variable_any never;
              std::unique_lock lock(mutex);
              never.wait_for(lock, done, std::chrono::seconds(5), [] { return false; });
              ends_.request_stop();
          })
    {
    }
    [[nodiscard]] std::stop_token token() const { return ends_.get_token(); }

  private:
    std::stop_source ends_;
    std::stop_callback<std::function<void()>> stop_;
    std::jthread timer_;
};

int list(const Options& options, cli::Context& context)
{
    context.out().write(fmt::format("extcap {{version={}}}{{help=https://www.wireshark.org}}"
                                    "{{display=xenlab}}\n",
                                    XENLAB_VERSION));
    const Hurry hurry(context.stop);
    try {
        lab::Pools pools(options.connect, {}, hurry.token());
        for (const Nic& nic : running_nics(pools)) {
            // Names that Wireshark could not hand back are known by their uuid.
            const std::string name = value(nic.vm) == nic.vm ? nic.vm : nic.uuid;
            context.out().write(fmt::format(
                "interface {{value={}{}:{}}}{{display={} NIC {} on {}}}\n", prefix, name,
                value(nic.device), value(nic.vm), value(nic.device), value(nic.host)));
        }
    } catch (const Error& error) {
        if (context.stop.stop_requested())
            throw;
        context.note(error.code() == Errc::interrupted ? "the pool does not answer in time"
                                                       : error.what());
    }
    return 0;
}

int config(cli::Context& context)
{
    context.out().write(
        "arg {number=0}{call=--side}{display=Side}{tooltip=The paravirtual NIC, the emulated one, "
        "or both}{type=selector}\n"
        "value {arg=0}{value=both}{display=Both}{default=true}\n"
        "value {arg=0}{value=vif}{display=Paravirtual (vif)}\n"
        "value {arg=0}{value=tap}{display=Emulated (tap)}\n"
        "arg {number=1}{call=--snaplen}{display=Bytes of each packet}{tooltip=0: all}"
        "{type=unsigned}{default=0}\n"
        "arg {number=2}{call=--follow}{display=Wait while the VM is halted}{type=boolflag}\n"
        "arg {number=3}{call=--no-events}{display=No rows about the capture}{type=boolflag}\n"
        "arg {number=4}{call=--ssh-config}{display=SSH configuration file}{type=fileselect}"
        "{mustexist=true}\n");
    return 0;
}

} // namespace

int extcap_mode(const Options& options, cli::Context& context)
{
    Options o = options;
    o.connect.never_ask = true; // whose terminal it would be is Wireshark's business
    if (o.extcap_interfaces)
        return list(o, context);
    if (o.extcap_dlts) {
        context.out().write("dlt {number=1}{name=EN10MB}{display=Ethernet}\n");
        return 0;
    }
    if (o.extcap_config)
        return config(context);
    if (!o.capture) { // Wireshark asks whether a filter is good: it is when nothing is printed
        try {
            pcap::check_filter(o.extcap_filter);
        } catch (const Error& error) {
            context.out().write(fmt::format("{}\n", error.what()));
        }
        return 0;
    }
    if (o.fifo.empty() || !o.extcap_interface.starts_with(prefix))
        throw Error(Errc::usage, "--capture needs --fifo and --extcap-interface");
    o.vms = {o.extcap_interface.substr(prefix.size())};
    if (!o.extcap_filter.empty())
        o.filter = {o.extcap_filter};
    return capture_mode(o, context);
}

} // namespace vifcap
