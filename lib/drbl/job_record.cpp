// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/drbl/names.hpp>
#include <xenlab/drbl/status.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace xenlab::drbl {
namespace {

Action parse_action(std::string_view name)
{
    for (const Action action : {Action::save, Action::restore, Action::multicast})
        if (name_of(action) == name)
            return action;
    throw Error(Errc::bad_data, fmt::format("unknown kind of job: {}", text::quoted(name)));
}

Client parse_client(std::string_view words)
{
    const auto cells = text::split(words, ' ');
    Client client{"", std::string(cells[0]), ""};
    if (!parse_ipv4(client.ip))
        throw Error(Errc::bad_data, fmt::format("not an address: {}", text::quoted(client.ip)));
    if (cells.size() > 1)
        client.mac = parse_mac(cells[1]).value_or("");
    if (cells.size() > 2 && is_host_name(cells[2]))
        client.name = cells[2];
    return client;
}

void take(JobRecord& record, std::string_view key, std::string_view value)
{
    const auto number = text::parse_u64(value);
    if (key == "id")
        record.id = text::printable(value);
    else if (key == "by")
        record.started_by = text::printable(value);
    else if (key == "started" && number && *number < (1ULL << 50U))
        record.started = static_cast<std::int64_t>(*number);
    else if (key == "action")
        record.action = parse_action(value);
    else if (key == "image")
        record.image = text::printable(value);
    else if (key == "device")
        record.devices.push_back(text::printable(value));
    else if (key == "wait-for" && number && *number <= 4096)
        record.clients_to_wait = static_cast<unsigned>(*number);
    else if (key == "client")
        record.clients.push_back(parse_client(value));
}

} // namespace

std::string JobRecord::text() const
{
    std::string text =
        fmt::format("id={}\nby={}\nstarted={}\naction={}\nimage={}\nwait-for={}\n", id, started_by,
                    started, name_of(action), image, clients_to_wait);
    for (const std::string& device : devices)
        text += fmt::format("device={}\n", device);
    for (const Client& client : clients) // the MAC must stay the second word
        text += fmt::format("client={} {} {}\n", client.ip, client.mac.empty() ? "-" : client.mac,
                            client.name);
    return text;
}

JobRecord parse_job_record(std::string_view text)
{
    JobRecord record;
    for (const std::string_view line : text::split(text, '\n')) {
        const std::size_t equals = line.find('=');
        if (equals != std::string_view::npos)
            take(record, line.substr(0, equals), text::trim(line.substr(equals + 1)));
        if (record.clients.size() > 100'000)
            throw Error(Errc::bad_data, "the record of the job on the server has no end");
    }
    if (record.id.empty())
        throw Error(Errc::bad_data, "the record of the job on the server is not ours",
                    "/var/lib/xenlab-drbl/job");
    return record;
}

} // namespace xenlab::drbl
