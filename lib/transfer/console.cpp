// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/text.hpp>
#include <xenlab/transfer/console.hpp>
#include <xenlab/xapi/transfer.hpp>

#include <fmt/format.h>

namespace xenlab::transfer {

std::unique_ptr<transport::Channel> open_console(lab::Pool& pool, const xapi::Ref<xapi::Vm>& vm,
                                                 transport::TimePoint deadline)
{
    xapi::Session& session = pool.session();
    const xapi::Vm record = session.get_record(vm);
    const auto* host = record.resident_on ? pool.host(record.resident_on) : nullptr;
    if (host == nullptr)
        throw Error(Errc::precondition,
                    fmt::format("is {}, so it has no screen", text::to_lower(record.power_state)));
    for (const auto& ref : record.consoles) {
        const xapi::Console console = session.get_record(ref);
        if (console.protocol != "rfb")
            continue;
        xapi::TransferRequest request;
        request.method = "CONNECT";
        request.path = "/console";
        request.query = {{"ref", ref.str()}};
        request.host = pool.endpoint_of(*host);
        auto stream = xapi::open_transfer(session, request, deadline);
        const int status = stream.read_head(deadline).status;
        if (status == 503)
            throw Error(Errc::precondition, "its console is in use, and the pool allows one user");
        if (status != 200)
            throw Error(Errc::failed,
                        fmt::format("the host refuses its console (HTTP status {})", status));
        return stream.release();
    }
    throw Error(Errc::precondition, "has no graphical console");
}

} // namespace xenlab::transfer
