// links: xapi
// SPDX-License-Identifier: GPL-3.0-or-later
// An answer of a server, and the records, tasks and faults made of it. Whatever the words are, what
// is shown of a fault is printable.
#include "fuzz.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/xapi/fault.hpp>
#include <xenlab/xapi/records.hpp>
#include <xenlab/xapi/tasks.hpp>
#include <xenlab/xmlrpc/message.hpp>

namespace {

using namespace xenlab;

void as_records(const xmlrpc::Value& value)
{
    xapi::Vm::from(value);
    xapi::Host::from(value);
    xapi::Vdi::from(value);
    static_cast<void>(xapi::GuestMetrics::from(value).addresses());
    const xapi::Task task = xapi::Task::from(value);
    fuzz::refused([&] { xapi::decode_result(task.result); });
}

void as_fault(const xmlrpc::Array& items)
{
    std::vector<std::string> words;
    for (const xmlrpc::Value& item : items)
        words.push_back(item.as_scalar().value_or(""));
    if (words.empty())
        return;
    const std::string code = words.front();
    words.erase(words.begin());
    const xapi::Fault fault("VM.start", code, words);
    const std::string shown =
        fault.explain([](std::string_view) { return std::string("VM \"x\""); }).what();
    fuzz::require(text::is_utf8(shown) && shown.find_first_of("\x1b\n\r\x07") == std::string::npos,
                  "a fault is printable");
    fuzz::require(fault.document().front() == code, "a document begins with the code");
}

void each(const xmlrpc::Value& value)
{
    as_records(value);
    if (const auto* members = value.if_struct())
        for (const auto& [name, member] : *members)
            each(member);
    if (const auto* items = value.if_array()) {
        as_fault(*items);
        for (const xmlrpc::Value& item : *items)
            each(item);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text = fuzz::text(fuzz::bytes(data, size));
    fuzz::refused([&] { each(xmlrpc::decode_response(text).value); });
    return 0;
}
