// SPDX-License-Identifier: GPL-3.0-or-later
#include "session_impl.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::xapi {

Session::Session(SessionOptions options, transport::Verifier& verifier, std::stop_token stop)
    : impl_(std::make_unique<Impl>(std::move(options), verifier, std::move(stop)))
{
}

Session::~Session()
{
    impl_->log_out();
}

namespace {

/// Calls that change nothing may be sent again.
bool only_reads(std::string_view method)
{
    const std::string_view name = method.substr(method.rfind('.') + 1);
    return name.starts_with("get_") || method == "event.from" ||
           method.starts_with("session.login") || method.starts_with("system.");
}

} // namespace

xmlrpc::Value Session::call(std::string_view method, Params params)
{
    xmlrpc::Value result;
    const std::lock_guard lock(impl_->call_mutex);
    impl_->carry_out(impl_->rpc,
                     {.method = method,
                      .params = std::move(params),
                      .replayable = only_reads(method),
                      .timeout = impl_->options.call_timeout},
                     [&](const Rpc::Call& call) { result = impl_->rpc.call(call); });
    return result;
}

xmlrpc::Value Session::call_without_session(std::string_view method, Params params)
{
    xmlrpc::Value result;
    const std::lock_guard lock(impl_->call_mutex);
    impl_->carry_out(impl_->rpc,
                     {.method = method,
                      .params = std::move(params),
                      .replayable = only_reads(method),
                      .bare = true,
                      .timeout = impl_->options.call_timeout},
                     [&](const Rpc::Call& call) { result = impl_->rpc.call(call); });
    return result;
}

Ref<Task> Session::async(std::string_view method, Params params)
{
    const std::string name = fmt::format("Async.{}", method);
    return Ref<Task>(call(name, std::move(params)).as_scalar().value_or(""));
}

void Session::each_record(std::string_view class_name, std::string_view where,
                          const std::function<void(std::string, const xmlrpc::Value&)>& callback)
{
    const std::string method =
        fmt::format("{}.get_all_records{}", class_name, where.empty() ? "" : "_where");
    Params params;
    if (!where.empty())
        params.emplace_back(std::string(where));
    const std::lock_guard lock(impl_->call_mutex);
    impl_->carry_out(impl_->rpc,
                     {.method = method,
                      .params = std::move(params),
                      .replayable = true,
                      .timeout = impl_->options.call_timeout},
                     [&](const Rpc::Call& call) { impl_->rpc.stream(call, callback); });
}

std::optional<xmlrpc::Value> Session::clean_up(std::string_view method, Params params) noexcept
{
    try {
        Impl::Login login;
        {
            const std::lock_guard lock(impl_->state_mutex);
            login = impl_->state;
        }
        if (login.reference.empty())
            return std::nullopt;
        params.insert(params.begin(), xmlrpc::Value(login.reference.reveal()));
        const std::lock_guard lock(impl_->cleaner_mutex);
        return impl_->cleaner.call({.host = login.host,
                                    .method = method,
                                    .params = params,
                                    .replayable = only_reads(method),
                                    .deadline = transport::deadline_in(std::chrono::seconds(3))});
    } catch (...) {
        return std::nullopt;
    }
}

Secret Session::reference()
{
    const std::lock_guard lock(impl_->call_mutex);
    return impl_->login(impl_->rpc).reference;
}

Endpoint Session::coordinator() const
{
    const std::lock_guard lock(impl_->state_mutex);
    return impl_->state.host;
}

unsigned Session::generation() const
{
    const std::lock_guard lock(impl_->state_mutex);
    return impl_->state.generation;
}

transport::Verifier& Session::verifier() const noexcept
{
    return impl_->verifier;
}

const std::stop_token& Session::stop() const noexcept
{
    return impl_->stop;
}

const SessionOptions& Session::options() const noexcept
{
    return impl_->options;
}

std::uint64_t Session::requests() const noexcept
{
    return impl_->requests.load(std::memory_order_relaxed);
}

namespace {

/// "VM web1", or for a drive "drive 3 of VM web1".
std::string name_of(Session& session, const std::string& class_name, const std::string& ref)
{
    if (class_name == "VBD" || class_name == "VIF") {
        const auto record = session.call(class_name + ".get_record", {xmlrpc::Value(ref)});
        const auto text = [&](std::string_view field) {
            const auto* value = record.find(field);
            return value == nullptr ? std::string() : value->as_scalar().value_or("");
        };
        const auto vm = session.call("VM.get_name_label", {xmlrpc::Value(text("VM"))});
        return fmt::format("{} {} of VM {}", class_name == "VIF" ? "NIC" : "drive",
                           text::printable(text(class_name == "VIF" ? "device" : "userdevice")),
                           text::printable(vm.as_scalar().value_or("")));
    }
    if (class_name == "PBD")
        return fmt::format(
            "PBD {}",
            text::printable(
                session.call("PBD.get_uuid", {xmlrpc::Value(ref)}).as_scalar().value_or("")));
    const auto name = session.call(class_name + ".get_name_label", {xmlrpc::Value(ref)});
    return fmt::format("{} {}", class_name, text::printable(name.as_scalar().value_or("")));
}

/// The class that a code speaks of comes first.
std::vector<std::string> classes_for(const Fault& fault)
{
    std::vector<std::string> order{"VM",   "VDI",     "VBD", "SR", "host",
                                   "task", "network", "VIF", "PBD"};
    std::string wanted = fault.name().substr(0, fault.name().find('_'));
    if (fault.is("HANDLE_INVALID") || fault.is("OTHER_OPERATION_IN_PROGRESS"))
        wanted = fault.params().empty() ? "" : fault.params().front();
    for (auto it = order.begin(); it != order.end(); ++it)
        if (text::to_lower(*it) == text::to_lower(wanted)) {
            std::rotate(order.begin(), it, it + 1);
            break;
        }
    return order;
}

} // namespace

Fault Session::explained(const Fault& fault)
{
    const bool gone = fault.is("HANDLE_INVALID"); // asking for it would only fail again
    return fault.explain([&](std::string_view ref) -> std::optional<std::string> {
        const std::string key(ref);
        {
            const std::lock_guard lock(impl_->names_mutex);
            if (const auto found = impl_->names.find(key); found != impl_->names.end())
                return found->second;
        }
        std::optional<std::string> name;
        if (!gone && !impl_->stop.stop_requested())
            for (const std::string& class_name : classes_for(fault)) {
                try {
                    name = name_of(*this, class_name, key);
                    break;
                } catch (const Fault&) { // of another class
                } catch (const Error&) {
                    break;
                }
            }
        const std::lock_guard lock(impl_->names_mutex);
        impl_->names[key] = name;
        return name;
    });
}

} // namespace xenlab::xapi
