// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/text.hpp>
#include <xenlab/transfer/console.hpp>
#include <xenlab/xapi/transfer.hpp>

#include <fmt/format.h>

namespace xenlab::transfer {

std::unique_ptr<transport::Channel> open_console(lab::Pool& pool, const xapi::Ref<xapi::Vm>& vm,
                                                 ConsoleKind kind, transport::TimePoint deadline,
                                                 const std::stop_token& stop)
{
    const bool graphical = kind == ConsoleKind::graphical;
    xapi::Session& session = pool.session();
    const xapi::Vm record = session.get_record(vm);
    const auto* host = record.resident_on ? pool.host(record.resident_on) : nullptr;
    if (host == nullptr)
        throw Error(Errc::precondition,
                    fmt::format("is {}, so it has no {}", text::to_lower(record.power_state),
                                graphical ? "screen" : "console"));
    for (const auto& ref : record.consoles) {
        xapi::Console console;
        try {
            console = session.get_record(ref);
        } catch (const xapi::Fault& fault) {
            if (!fault.is("HANDLE_INVALID"))
                throw;
            continue; // it has just been made anew
        }
        if (console.protocol != (graphical ? "rfb" : "vt100"))
            continue;
        xapi::TransferRequest request;
        request.method = "CONNECT";
        request.path = "/console";
        request.query = {{"ref", ref.str()}};
        request.host = pool.endpoint_of(*host);
        request.stop = stop;
        auto stream = xapi::open_transfer(session, request, deadline);
        const int status = stream.read_head(deadline).status;
        if (status == 503)
            throw Error(Errc::precondition, "its console is in use, and the pool allows one user");
        if (status != 200)
            throw Error(Errc::failed,
                        fmt::format("the host refuses its console (HTTP status {})", status));
        return stream.release();
    }
    if (graphical)
        throw Error(Errc::precondition, "has no graphical console");
    throw Error(Errc::precondition, "has no text console",
                "only PV and PVH guests have one; a serial port has what serial-cli needs");
}

} // namespace xenlab::transfer
