// SPDX-License-Identifier: GPL-3.0-or-later
// Authenticated HTTP to xapi's transfer handlers and consoles.
#pragma once

#include <xenlab/transport/http_stream.hpp>
#include <xenlab/xapi/session.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace xenlab::xapi {

/// A task of our own that a transfer reports to: task.create, and at the end its removal. Destroyed
/// while still pending (the request never arrived, or failed early: observed 4), it is set to
/// "cancelled" first, so that nothing stays pending for ever. If the server has taken it over, it
/// is asked to cancel and given up to 3 s to let go of what it holds (the connection must be closed
/// by then). Never throws from the destructor.
class TransferTask {
  public:
    TransferTask(Session& session, const std::string& label, const std::string& description);
    ~TransferTask();
    TransferTask(const TransferTask&) = delete;
    TransferTask& operator=(const TransferTask&) = delete;
    [[nodiscard]] const Ref<Task>& ref() const noexcept { return ref_; }
    /// Somebody else destroys it (TaskWatch::wait did).
    void release() noexcept { owned_ = false; }
    /// The request was sent: the server works on it.
    void begun() noexcept { begun_ = true; }

  private:
    Session& session_;
    Ref<Task> ref_;
    bool owned_ = true;
    bool begun_ = false;
};

struct TransferRequest {
    std::string method = "GET"; ///< GET, PUT, CONNECT
    std::string path;           ///< "/export", "/import_raw_vdi", "/console"
    std::vector<std::pair<std::string, std::string>> query; ///< values not yet encoded
    std::optional<Ref<Task>> task;                          ///< becomes task_id
    std::optional<std::uint64_t> content_length; ///< of a PUT; none: the body ends at close
    std::optional<Endpoint> host;                ///< instead of the coordinator (consoles)
    std::optional<std::stop_token> stop;         ///< instead of the session's
};

/// Connects, adds session_id and task_id to the query and sends the head. The answer is not read:
/// xapi answers a PUT before it has read the body. Throws as HttpStream::open.
transport::HttpStream open_transfer(Session& session, const TransferRequest& request,
                                    transport::TimePoint deadline);

/// For GET, and for an empty PUT that asks where to go: sends, reads the head and follows up to 3
/// redirections (302 to the host that sees the SR; xapi names its address without a port). The
/// request carries the session, so it goes only to hosts of the pool, which the coordinator names:
/// the addresses of their records, at the coordinator's port. Returns the stream at the first
/// answer that is not a redirection. Throws Fault-like Error: unreachable for 401 and for a
/// redirection to anybody else, not_found for 404, failed with the words of the page otherwise
/// when the status is not 200.
struct OpenTransfer {
    transport::HttpStream stream;
    Endpoint host; ///< who answered: where a PUT of the same goes
};
OpenTransfer start_transfer(Session& session, TransferRequest request,
                            transport::TimePoint deadline);

} // namespace xenlab::xapi
