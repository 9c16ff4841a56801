// SPDX-License-Identifier: GPL-3.0-or-later
// The server's side of option haggling (proto.md, "Fixed newstyle negotiation").
#pragma once

#include "protocol.hpp"
#include "wire.hpp"

#include <xenlab/nbd/server.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace xenlab::nbd {

/// What a client has settled on.
struct Agreement {
    std::unique_ptr<block::BlockDevice> device;
    bool structured = false; ///< structured replies
    bool allocation = false; ///< the client may ask for base:allocation, which has the ID below
};

inline constexpr std::uint32_t allocation_id = 1;

/// One client from its connection to its first request. Borrows everything. One thread.
class ServerHandshake {
  public:
    ServerHandshake(transport::Channel& channel, Input& input, const std::vector<Export>& exports,
                    const ServerOptions& options);

    /// Nothing when the client left politely or only asked. Throws Error for a client that does not
    /// follow the protocol, is too slow or breaks off.
    std::optional<Agreement> run();

  private:
    enum class Next { go_on, transmit, leave };
    struct Option {
        std::uint32_t type = 0;
        std::uint32_t length = 0;
        std::vector<std::byte> data; ///< empty when it was too long

        [[nodiscard]] bool is(proto::Opt which) const noexcept
        {
            return type == static_cast<std::uint32_t>(which);
        }
    };

    Next handle(const Option& option);
    Next handle_export_name(const Option& option);
    Next handle_go(const Option& option);
    Next handle_other(const Option& option);
    void list(const Option& option);
    void meta_context(const Option& option);
    void greet();
    [[nodiscard]] std::optional<Option> next_option();
    void send(const Message& message);
    void reply(const Option& option, proto::Rep type, const Message& data = {});
    void refuse(const Option& option, proto::Rep type, std::string_view why);
    [[nodiscard]] const Export* find(std::string_view name) const;
    bool open(const Export& wanted, std::string& problem);

    transport::Channel& channel_;
    Input& input_;
    const std::vector<Export>& exports_;
    const ServerOptions& options_;
    TimePoint deadline_;
    bool zeroes_ = true;               ///< the client wants padding after NBD_OPT_EXPORT_NAME
    const Export* opened_ = nullptr;   ///< whose device agreement_ holds
    const Export* metadata_ = nullptr; ///< for which base:allocation was selected
    Agreement agreement_;
};

} // namespace xenlab::nbd
