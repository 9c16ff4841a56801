// SPDX-License-Identifier: GPL-3.0-or-later
// Decides what is captured: which interfaces of which hosts belong to what was asked for, from when
// to when, and when all is done.
#pragma once

#include "capture.hpp"
#include "host_link.hpp"
#include "output.hpp"

#include <xenlab/cli/context.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace vifcap {

/// One NIC that was asked for.
struct Target {
    std::string label;              ///< "web1:0", "vif7.0", for people
    std::string vm_uuid;            ///< empty: told by domid or interface
    std::optional<unsigned> device; ///< none: every NIC
    std::optional<unsigned> domid;  ///< --domid
    std::string interface;          ///< --interface: exactly this one
};

/// Where XAPI says that a VM is.
struct Place {
    std::string vm_uuid;
    std::string host; ///< its name; empty: on none
    std::optional<unsigned> domid;
    bool halted = false;
    /// That host and those it may move to: they are watched from now on.
    std::vector<std::pair<std::string, HostLinkOptions>> hosts;
};

struct RecorderOptions {
    bool follow = false, once = false;
    bool use_vif = true, use_tap = true;
    std::string filter;
    std::uint64_t snap_length = 0;
    bool buffered = false;
    std::chrono::milliseconds duration{0};
    std::string tag;
};

struct Epoch {
    std::string label, interface, host;
    CaptureEnd end;
};

class Recorder {
  public:
    Recorder(RecorderOptions options, std::vector<Target> targets, Output& output,
             const xenlab::cli::Context& context);
    ~Recorder();
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    /// Watches a host; the same name again is the same host. Only before run().
    void add_host(const std::string& name, const HostLinkOptions& options);
    /// Any thread.
    void place(const Place& place);
    /// Any thread: run() ends with this.
    void fail(std::exception_ptr failure);
    /// Ends what is running and returns from run(); for limits. Any thread.
    void finish();

    /// Returns when a limit was reached, a stop requested, or nothing more will come. Throws what
    /// broke it.
    void run();

    [[nodiscard]] const std::vector<Epoch>& epochs() const noexcept { return epochs_; }

  private:
    using Clock = std::chrono::steady_clock;
    struct Host {
        std::string name;
        std::unique_ptr<HostLink> link;
        std::shared_ptr<xenlab::transport::SshSession> session;
        std::optional<xenlab::follow::HostView> view;
        bool clock_told = false, old_told = false;
        bool failed = false;
    };
    struct Running {
        std::size_t target, host;
        std::string interface;
        std::optional<unsigned> domid;
        bool opened = false, ended = false;
        std::unique_ptr<Capture> capture;
    };
    struct Progress { ///< of one target
        unsigned epochs = 0;
        std::optional<Clock::time_point> gone_at;
        std::string last_host, last_interface;
        std::optional<unsigned> last_domid;
        bool done = false;
    };

    void post(std::function<void()> news);
    void drain_news(std::unique_lock<std::mutex>& lock);
    void host_news(std::size_t host, const HostNews& news);
    void opened(std::size_t id);
    void old_tcpdump(std::size_t host);
    void ended(std::size_t id, CaptureEnd end);
    void look_at(std::size_t host);
    [[nodiscard]] bool belongs(const Target& target, const std::string& interface,
                               std::size_t host) const;
    [[nodiscard]] std::optional<std::string> uuid_of(unsigned domid, std::size_t host) const;
    void start(std::size_t target, std::size_t host, const std::string& interface);
    void check_first_view(std::size_t host);
    void check_ends();
    [[nodiscard]] bool running(std::size_t target) const;
    void tell(const std::string& words, std::size_t host);
    void end_captures();

    RecorderOptions options_;
    std::vector<Target> targets_;
    std::vector<Progress> progress_;
    Output& output_;
    const xenlab::cli::Context& context_;

    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<std::function<void()>> news_;
    std::exception_ptr failure_;
    std::atomic<bool> finish_ = false;

    // The thread of run() only.
    std::deque<Host> hosts_;
    std::map<std::string, Place> places_;
    std::map<std::size_t, Running> running_;
    std::map<std::pair<std::size_t, std::string>, Clock::time_point> retry_at_;
    std::size_t next_id_ = 0;
    Clock::time_point started_ = Clock::now();
    std::vector<Epoch> epochs_;
};

} // namespace vifcap
