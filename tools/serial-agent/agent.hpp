// SPDX-License-Identifier: GPL-3.0-or-later
// The guest side of SL1: one session, a job for each channel.
#pragma once

#include "job.hpp"

#include <xenlab/serial/mux.hpp>

namespace xenlab::agent {

inline constexpr std::size_t most_jobs = 16; // each may hold 64 KiB of credit
inline constexpr Millis forsaken_after = 600'000;

class Agent final : public serial::ChannelOwner {
  public:
    /// Without a secret everybody who reaches the port may do everything.
    Agent(std::string secret, std::uint16_t mtu, std::uint16_t window);

    void receive(View data, Millis now) { link_.receive(data, now); }
    /// Lets the jobs work; true when they could go on at once.
    bool step(Millis now);
    /// Appends frames until `out` is long enough.
    void fill(Buffer& out, Millis now);
    [[nodiscard]] std::vector<ChildInterest> interests();
    [[nodiscard]] Millis wakeup(Millis now) const;

    void on_session(bool fresh, const serial::Greeting& peer) override;
    void on_lost() override;
    void on_open(std::uint8_t chan, serial::Op op, View body) override;
    void on_message(std::uint8_t chan, serial::Op op, View body) override;
    void on_close(std::uint8_t chan) override;
    void on_noise(View) override {}

  private:
    void refuse(std::uint8_t chan, std::uint32_t code, std::string_view words);
    void authenticate(View body);
    [[nodiscard]] Buffer proof_text(std::string_view who) const;

    std::string secret_;
    bool trusted_ = false;
    serial::Nonce host_nonce_{};
    serial::Mux mux_;
    serial::Link link_;
    std::map<std::uint8_t, std::unique_ptr<Job>> jobs_;
};

} // namespace xenlab::agent
