// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/text.hpp>
#include <xenlab/drbl/names.hpp>
#include <xenlab/drbl/server.hpp>
#include <xenlab/drbl/status.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::drbl {
namespace {

using State = ClientStatus::State;
using Phase = JobStatus::Phase;

std::optional<std::uint64_t> number(const std::vector<Record>& records, std::string_view key)
{
    const auto text = find_record(records, key);
    return text ? text::parse_u64(text::trim(*text)) : std::nullopt;
}

std::int64_t seconds_of(std::optional<std::uint64_t> value) noexcept
{
    return value && *value < (1ULL << 50U) ? static_cast<std::int64_t>(*value) : 0;
}

/// What the log says of one client: its last line counts.
ClientStatus status_of(const Client& client, const std::vector<JobLogLine>& log,
                       const std::vector<std::string_view>& connected)
{
    ClientStatus status{client, State::waiting, "", "", {}};
    for (const JobLogLine& line : log) {
        if (line.ip != client.ip && (client.mac.empty() || line.mac != client.mac))
            continue;
        status.state = line.message.find("FAIL") != std::string::npos ? State::failed : State::done;
        status.time = line.time;
        status.message = line.message;
    }
    if (status.state == State::waiting &&
        std::find(connected.begin(), connected.end(), client.ip) != connected.end())
        status.state = State::connected;
    return status;
}

struct Stored {
    std::string name;
    std::uint64_t size = 0;
};

/// Multicast: one udp-sender a partition, one after the other, on ports 2232, 2234, …
void read_sender(const std::vector<Record>& records, JobStatus& status)
{
    std::vector<std::uint64_t> sizes;
    const std::string files = find_record(records, "job.image.parts").value_or("");
    const std::string list = find_record(records, "job.image.list").value_or("");
    for (const std::string_view part : text::split(list, ' ')) {
        std::uint64_t size = 0;
        const std::string prefix = fmt::format("{}.", text::trim(part));
        for (const std::string_view line : text::split(files, '\n')) {
            const std::size_t blank = line.find(' ');
            const auto bytes = text::parse_u64(line.substr(0, blank));
            if (blank != line.npos && bytes && *bytes < (1ULL << 50U) &&
                line.substr(blank + 1).starts_with(prefix))
                size += *bytes;
        }
        sizes.push_back(size);
    }
    status.total = 0;
    for (const std::uint64_t size : sizes)
        *status.total += size;
    for (std::size_t i = 0; i + 1 < records.size(); ++i) {
        if (records[i].key != "process" || records[i + 1].key != "process.read")
            continue;
        status.sending = true;
        const std::size_t at = records[i].text.find("--portbase ");
        const std::uint64_t port =
            at == std::string::npos
                ? 0
                : text::parse_u64(records[i].text.substr(at + 11, 4)).value_or(0);
        const auto read = text::parse_u64(text::trim(records[i + 1].text));
        if (port < 2232 || (port - 2232) / 2 >= sizes.size() || !read)
            continue;
        const std::size_t index = (port - 2232) / 2;
        std::uint64_t position = std::min(*read, sizes[index]);
        for (std::size_t k = 0; k < index; ++k)
            position += sizes[k];
        status.position = position;
    }
}

/// "192.168.0.5 1234 56": the address, bytes sent to it, bytes received from it.
void read_traffic(const std::vector<Record>& records, JobStatus& status)
{
    const std::string traffic = find_record(records, "job.traffic").value_or("");
    const bool save = status.record && status.record->action == Action::save;
    for (const std::string_view line : text::split(traffic, '\n')) {
        const auto words = text::split(line, ' ');
        if (words.size() != 3)
            continue;
        for (ClientStatus& client : status.clients)
            if (client.client.ip == words[0])
                client.bytes = text::parse_u64(words[save ? 2 : 1]);
    }
}

void read_progress(const std::vector<Record>& records, JobStatus& status)
{
    status.changed = std::max(status.record->started, seconds_of(number(records, "job.log.time")));
    if (status.record->action == Action::save) {
        status.position = number(records, "job.image.bytes");
        status.changed = std::max(status.changed, seconds_of(number(records, "job.image.time")));
    } else if (status.record->action == Action::multicast) {
        read_sender(records, status);
    }
}

Phase phase_of(const JobStatus& status, std::string_view text)
{
    if (!status.record)
        return status.locked ? Phase::foreign : Phase::none;
    if (text == "starting")
        return Phase::starting;
    if (text != "stopped" && status.exit_status != 0)
        return Phase::failed;
    const bool reported =
        std::all_of(status.clients.begin(), status.clients.end(), [](const ClientStatus& client) {
            return client.state == State::done || client.state == State::failed;
        });
    if (reported && !status.clients.empty())
        return Phase::finished;
    return status.locked && text != "stopped" ? Phase::running : Phase::stopped;
}

} // namespace

std::vector<JobLogLine> read_job_log(std::string_view log)
{
    std::vector<JobLogLine> lines;
    for (const std::string_view line : text::split(log, '\n')) {
        const std::size_t comma = line.find(", client ");
        const std::size_t open = line.find(" (", comma == line.npos ? 0 : comma);
        const std::size_t close = line.find(") finished restoring.", open == line.npos ? 0 : open);
        if (comma == line.npos || open == line.npos || close == line.npos || open < comma + 9)
            continue;
        const std::string_view ip = line.substr(comma + 9, open - comma - 9);
        if (!parse_ipv4(ip)) // anybody may send lines to tcp/6461
            continue;
        const auto mac = parse_mac(line.substr(open + 2, close - open - 2));
        const std::size_t stats = line.find("Stats: ", close);
        lines.push_back({text::printable(line.substr(0, std::min<std::size_t>(comma, 20))),
                         std::string(ip), mac.value_or(""),
                         stats == line.npos ? "" : std::string(line.substr(stats + 7))});
    }
    return lines;
}

std::vector<BootEntry> read_boot_entries(const std::vector<Record>& records)
{
    std::vector<BootEntry> entries;
    for (const Record& record : records) {
        if (record.key == "boot" || record.key == "boot.efi")
            entries.push_back({record.text, "", "", "", std::nullopt, record.key == "boot.efi"});
        if (entries.empty())
            continue;
        BootEntry& entry = entries.back();
        if (record.key == "boot.file" || record.key == "boot.efi.file")
            entry.file = record.text;
        else if (record.key == "boot.default" || record.key == "boot.efi.default")
            entry.label = record.text;
        else if (record.key == "boot.told" || record.key == "boot.efi.told")
            entry.told = record.text;
        else if (record.key == "boot.param")
            entry.parameters = record.text;
    }
    return entries;
}

bool BootEntry::boots_clonezilla() const noexcept
{
    return efi ? label == "clonezilla-se-client" || label == "clonezilla-live-client"
               : label == "clonezilla" || label == "Clonezilla-live";
}

JobStatus read_status(const std::vector<Record>& records)
{
    JobStatus status;
    if (const auto text = find_record(records, "job"))
        status.record = parse_job_record(*text);
    const std::string words(text::trim(find_record(records, "job.status").value_or("")));
    if (words.starts_with("exit "))
        if (const auto code = text::parse_u64(std::string_view(words).substr(5));
            code && *code <= 255)
            status.exit_status = static_cast<int>(*code);
    status.output = find_record(records, "job.output").value_or("");
    status.locked = find_record(records, "job.lock").has_value();
    status.listening =
        read_ports(find_record(records, "listening.tcp").value_or("")).count(6461) > 0;
    status.boot = read_boot_entries(records);
    const auto log = read_job_log(find_record(records, "job.log").value_or(""));
    const std::string connected = find_record(records, "job.connected").value_or("");
    // DRBL begins the log anew when the job is set up: an older one is the last job's.
    const bool of_this_job =
        status.record && seconds_of(number(records, "job.log.time")) >= status.record->started &&
        words != "starting";
    if (status.record && of_this_job)
        for (const Client& client : status.record->clients)
            status.clients.push_back(status_of(client, log, text::split(connected, ' ')));
    else if (status.record)
        for (const Client& client : status.record->clients)
            status.clients.push_back({client, State::waiting, "", "", {}});
    else
        for (const JobLogLine& line : log)
            status.clients.push_back(
                status_of({"", line.ip, line.mac}, log, text::split(connected, ' ')));
    read_traffic(records, status);
    if (status.record)
        read_progress(records, status);
    status.phase = phase_of(status, words);
    return status;
}

std::size_t JobStatus::count(ClientStatus::State state) const noexcept
{
    return static_cast<std::size_t>(
        std::count_if(clients.begin(), clients.end(),
                      [&](const ClientStatus& client) { return client.state == state; }));
}

bool JobStatus::over() const noexcept
{
    return phase == Phase::failed || phase == Phase::finished || phase == Phase::stopped ||
           phase == Phase::none;
}

namespace {

void compare(const Expected& expected, const BootEntry& entry,
             std::vector<std::string>& differences)
{
    const std::string which = entry.ip + (entry.efi ? " (UEFI)" : "");
    if (!entry.boots_clonezilla())
        differences.push_back(fmt::format("{} would boot {}", which, text::quoted(entry.label)));
    if (const auto words = difference(expected, entry.told); !words.empty())
        differences.push_back(fmt::format("{}: {}", which, words));
    if (!entry.parameters)
        return;
    if (const auto words = difference(expected, text::trim(*entry.parameters)); !words.empty())
        differences.push_back(fmt::format("{}: ocs-run.param: {}", which, words));
}

} // namespace

std::vector<std::string> read_back(const Job& job, const JobStatus& status)
{
    std::vector<std::string> differences;
    if (!status.locked)
        differences.emplace_back("the server did not enter Clonezilla mode");
    if (!status.listening)
        differences.emplace_back("ocsmgrd is not running there");
    const Expected expected = expected_of(job);
    for (const ClientStatus& client : status.clients) {
        if (client.state == State::done || client.state == State::failed)
            continue; // its menu has been reset
        const std::string& ip = client.client.ip;
        bool any = false;
        for (const BootEntry& entry : status.boot)
            if (entry.ip == ip) {
                any = any || !entry.efi;
                compare(expected, entry, differences);
            }
        if (!any)
            differences.push_back(fmt::format("{} has no boot menu", ip));
    }
    return differences;
}

int verdict(const JobStatus& status) noexcept
{
    const std::size_t done = status.count(State::done);
    if (status.phase == Phase::failed || done == 0)
        return 1;
    return done == status.clients.size() ? 0 : 8;
}

std::string_view name_of(ClientStatus::State state) noexcept
{
    switch (state) {
    case State::waiting:
        return "waiting";
    case State::connected:
        return "connected";
    case State::done:
        return "done";
    case State::failed:
        break;
    }
    return "failed";
}

std::string_view name_of(JobStatus::Phase phase) noexcept
{
    switch (phase) {
    case Phase::none:
        return "none";
    case Phase::starting:
        return "starting";
    case Phase::failed:
        return "failed";
    case Phase::running:
        return "running";
    case Phase::finished:
        return "finished";
    case Phase::stopped:
        return "stopped";
    case Phase::foreign:
        break;
    }
    return "foreign";
}

} // namespace xenlab::drbl
