// links: drbl
// SPDX-License-Identifier: GPL-3.0-or-later
// What a DRBL server, its clients and users' files say: records first, else a plain text.
#include "fuzz.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/drbl/forward.hpp>
#include <xenlab/drbl/image.hpp>
#include <xenlab/drbl/job.hpp>
#include <xenlab/drbl/names.hpp>
#include <xenlab/drbl/profiles.hpp>
#include <xenlab/drbl/records.hpp>
#include <xenlab/drbl/server.hpp>
#include <xenlab/drbl/status.hpp>
#include <xenlab/drbl/targets.hpp>

namespace {

using namespace xenlab;
using namespace xenlab::drbl;

bool is_printable(const std::string& text)
{
    return text::printable(text).size() == text.size();
}

void check_records(const std::vector<Record>& records)
{
    fuzz::refused([&] { read_facts(records); });
    fuzz::refused([&] { examine(records); });
    const Clients clients = read_clients(records);
    for (const Client& client : clients.list)
        fuzz::require(parse_ipv4(client.ip) && (client.mac.empty() || parse_mac(client.mac)) &&
                          (client.name.empty() || is_host_name(client.name)),
                      "clients are made of checked words");
    for (const Image& image : read_images(records)) {
        Job job;
        job.action = Action::restore;
        job.devices = {"sda"};
        const Fitness fitness = judge(image, job, {{"pc1", "sda", 1U << 30U}});
        for (const std::string& words : image.problems)
            fuzz::require(is_printable(words), "problems can be shown");
        for (const std::string& words : fitness.blockers)
            fuzz::require(is_printable(words), "blockers can be shown");
    }
    for (const ForwardState& state : read_forwards(records).list)
        fuzz::require(!state.forward.name.empty(), "forwards have names");
    fuzz::refused([&] {
        const JobStatus status = read_status(records);
        Job job;
        job.devices = {"sda"};
        for (const std::string& words : read_back(job, status))
            fuzz::require(is_printable(words), "differences can be shown");
        if (status.position && status.total)
            fuzz::require(*status.position <= *status.total || !status.sending,
                          "no more is sent than there is");
        verdict(status);
    });
}

void check_text(std::string_view text)
{
    fuzz::refused([&] {
        const JobRecord record = parse_job_record(text);
        fuzz::require(parse_job_record(record.text()).text() == record.text(),
                      "a record survives its text");
    });
    for (const JobLogLine& line : read_job_log(text))
        fuzz::require(parse_ipv4(line.ip).has_value(), "clients of the log have addresses");
    fuzz::refused([&] { parse_profiles(text, "file"); });
    fuzz::refused([&] { parse_targets(text); });
    fuzz::refused([&] { parse_mac_list(text, "file"); });
    fuzz::refused([&] {
        const Forward forward = parse_forward(text);
        fuzz::require(forward.line().find_first_of("\n;|&$`'\"\\") == std::string::npos,
                      "a forward is made of plain words");
    });
    Job job;
    job.image = text;
    job.devices = {"sda"};
    job.all_clients = true;
    if (!fuzz::refused([&] { require_valid(job); }))
        fuzz::require(command_line(job).find_first_of("\n;|`$@{}[]'\"\\%") == std::string::npos,
                      "a command is made of plain words");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text = fuzz::text(fuzz::bytes(data, size));
    std::vector<Record> records;
    if (fuzz::refused([&] { records = read_records(text); }))
        check_text(text);
    else
        check_records(records);
    return 0;
}
