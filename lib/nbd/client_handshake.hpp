// SPDX-License-Identifier: GPL-3.0-or-later
// The client's side of the negotiation (proto.md, "Newstyle negotiation").
#pragma once

#include "protocol.hpp"
#include "wire.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/transport/tls_channel.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace xenlab::nbd {

struct Negotiated {
    std::uint64_t size = 0;                       ///< at most 2^63 - 1
    bool structured = false;                      ///< structured replies
    std::optional<std::uint32_t> allocation_id;   ///< of base:allocation
    std::uint32_t min_block = 512;                ///< a power of two, 1 to 65536
    std::uint32_t max_block = proto::max_payload; ///< of a request; at least min_block
};

struct Wanted {
    std::string export_name;
    std::string tls_host; ///< empty: no TLS
    transport::TlsOptions tls;
};

/// Borrows everything; replaces the channel when TLS begins. One thread. Every message is checked
/// against a limit before memory is taken for it, and the deadline bounds their number.
class ClientHandshake {
  public:
    ClientHandshake(std::unique_ptr<transport::Channel>& channel, Input& input,
                    const Wanted& wanted, TimePoint deadline);
    Negotiated run();

  private:
    struct Reply {
        std::uint32_t type = 0;
        std::vector<std::byte> data;

        [[nodiscard]] bool is(proto::Rep which) const noexcept
        {
            return type == static_cast<std::uint32_t>(which);
        }
        [[nodiscard]] bool is_error() const noexcept { return (type & proto::rep_error_bit) != 0; }
    };

    void greet();
    void start_tls();
    void ask_structured();
    void ask_allocation();
    bool go();
    void take_info(bytes::View info);
    void export_name();
    void check_size(std::uint64_t size);
    void send_option(proto::Opt option, const Message& data = {});
    Reply read_reply(proto::Opt option);
    Reply simple_option(proto::Opt option);
    [[nodiscard]] Error bad(std::string_view what) const;
    [[nodiscard]] Error refusal(const Reply& reply) const;

    std::unique_ptr<transport::Channel>& channel_;
    Input& input_;
    const Wanted& wanted_;
    TimePoint deadline_;
    bool fixed_ = false;
    bool zeroes_ = true;
    Negotiated result_;
};

} // namespace xenlab::nbd
