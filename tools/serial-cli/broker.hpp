// SPDX-License-Identifier: GPL-3.0-or-later
// The broker owns the one connection to a port that must not be dropped, and the SL1 session on it.
// Clients come and go on a unix socket. One thread, but for connecting, which may take long.
#pragma once

#include "line_log.hpp"
#include "target.hpp"
#include "vm_line.hpp"
#include "wire.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/serial/mux.hpp>

#include <chrono>
#include <future>
#include <list>
#include <set>
#include <stop_token>

namespace xenlab::serial_cli {

using serial::Millis;

struct BrokerOptions {
    Target target;
    PoolOptions pool; ///< for a VM
    std::string socket_path;
    std::string log_path;              ///< empty: no log
    std::chrono::milliseconds idle{0}; ///< end after so long without a client; 0 never
    std::uint16_t mtu = serial::max_payload, window = 24 * 1024;
    int ready_fd = -1; ///< one byte is written when clients can connect
};

class Broker final : public serial::ChannelOwner {
  public:
    Broker(BrokerOptions options, std::stop_token stop);
    ~Broker() override;
    Broker(const Broker&) = delete;
    Broker& operator=(const Broker&) = delete;

    /// Serves until a stop is requested, a client asks for the end, or it has been idle for long.
    void run();

    void on_session(bool fresh, const serial::Greeting& peer) override;
    void on_lost() override;
    void on_open(std::uint8_t, serial::Op, View) override {}
    void on_message(std::uint8_t chan, serial::Op op, View body) override;
    void on_close(std::uint8_t chan) override;
    void on_noise(View text) override;

  private:
    struct Client {
        io::Fd fd;
        PacketReader reader;
        Buffer out;
        std::vector<std::pair<std::uint8_t, std::size_t>> to_consume; // when `out` has been written
        std::set<std::uint8_t> channels;
        std::optional<RawMode> raw;
        Millis attach_for = 0;   // so long from when the port is there
        Millis attach_until = 0; // waits for an agent until then, 0 if not
        std::string secret;
        Millis told_quiet = 0;
        bool gone = false;
    };
    using Clients = std::list<Client>;

    void turn();
    void accept_clients();
    void read_client(Client& client);
    void write_client(Client& client);
    [[nodiscard]] bool may_read(const Client& client) const;
    void handle(Client& client, const Packet& packet);
    void attach(Client& client, View body);
    void open_channel(Client& client, View body);
    void raw_mode(Client& client, View body);
    void tell_status(Client& client);
    void tell_attached(Client& client);
    void fail(Client& client, Errc code, std::string_view words, std::string_view hint = {});
    void drop_gone_clients();
    void watch_times();
    [[nodiscard]] std::string why_not_connected() const;
    [[nodiscard]] Client* owner_of(std::uint8_t chan);
    [[nodiscard]] bool exclusive() const;
    void tell_lost(std::string_view words);
    void prove_secret();
    [[nodiscard]] Buffer proof_text(std::string_view who) const;

    void connect_line();
    void line_connected();
    void read_line();
    void write_line();
    void line_lost(std::string_view why);
    [[nodiscard]] Millis next_wakeup() const;

    BrokerOptions options_;
    std::stop_token stop_;
    io::Fd wake_, listener_, line_;
    std::unique_ptr<VmLine> vm_;
    std::future<OpenedLine> connecting_;
    Millis connect_at_ = 0, connected_at_ = 0, started_at_ = 0, last_client_at_ = 0, now_ = 0;
    std::string line_error_;
    unsigned connections_ = 0;
    Clients clients_;
    serial::Mux mux_;
    serial::Link link_;
    bool wanted_ = false;    // somebody wants an agent, so greetings are sent
    bool resumable_ = false; // a session was interrupted by a raw client
    bool lost_ = false;      // clients wait to hear why their session ended
    Millis lost_at_ = 0;
    bool trusted_ = true, proving_ = false;
    std::optional<serial::Greeting> peer_;
    Buffer to_line_, raw_to_line_;
    std::uint64_t bytes_in_ = 0, bytes_out_ = 0;
    LineLog log_;
    bool quit_ = false;
};

} // namespace xenlab::serial_cli
