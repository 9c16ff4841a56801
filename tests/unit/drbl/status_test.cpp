// SPDX-License-Identifier: GPL-3.0-or-later
// How a job stands, by its record, logs and boot menus. Texts are recordings of drbl 5.2.7.
#include <xenlab/base/error.hpp>
#include <xenlab/drbl/status.hpp>

#include <gtest/gtest.h>

namespace {

using namespace xenlab;
using namespace xenlab::drbl;
using State = ClientStatus::State;
using Phase = JobStatus::Phase;

TEST(DrblStatus, LogLinesOfClientsAreRead)
{
    const auto lines =
        read_job_log("2026-1125-2158, Start clonezilla logging.\n"
                     "2026-1125-2159, client 10.0.0.1 (52:54:00:00:00:01) finished restoring. "
                     "Stats: Saved gold, /dev/sda1, success\n"
                     "2026-1125-2159, client evil (x) finished restoring. Stats: \n"
                     "2026-1125-2159, client 10.0.0.2 () finished restoring. Stats: N/A\n"
                     ", client (, client ) finished restoring.\n");
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].time, "2026-1125-2159");
    EXPECT_EQ(lines[0].mac, "52:54:00:00:00:01");
    EXPECT_EQ(lines[0].message, "Saved gold, /dev/sda1, success");
    EXPECT_EQ(lines[1].mac, "");
}

JobRecord record()
{
    JobRecord record;
    record.id = "0123456789abcdef";
    record.started_by = "anna@pc";
    record.started = 1000;
    record.action = Action::multicast;
    record.image = "gold";
    record.devices = {"sda"};
    record.clients = {{"pc1", "10.0.0.1", "52:54:00:00:00:01"}, {"", "10.0.0.2", ""}};
    record.clients_to_wait = 2;
    return record;
}

TEST(DrblStatus, ARecordSurvivesItsText)
{
    const JobRecord again = parse_job_record(record().text());
    EXPECT_EQ(again.text(), record().text());
    EXPECT_EQ(again.clients, record().clients);
    EXPECT_THROW(parse_job_record("hello"), Error);
    EXPECT_THROW(parse_job_record("id=1\nclient=x\n"), Error);
    EXPECT_THROW(parse_job_record("id=1\naction=wipe\n"), Error);
}

std::vector<Record> running(std::string log, std::string status = "exit 0\n", bool lock = true)
{
    std::vector<Record> records{
        {"job", record().text()},
        {"job.status", std::move(status)},
        {"job.log.time", "1010"},
        {"job.log", std::move(log)},
        {"job.connected", "10.0.0.2"},
        {"listening.tcp", "22 6461"},
        {"job.image.parts",
         "100 sda1.x-ptcl-img.gz.aa\n50 sda1.x-ptcl-img.gz.ab\n300 sda2.y-ptcl-img.aa\n"},
        {"job.image.list", "sda1 sda2\n"},
        {"process", "udp-sender --min-clients 2 --portbase 2234 --ttl 1"},
        {"process.read", "70\n"}};
    if (lock)
        records.push_back({"job.lock", "1005"});
    return records;
}

constexpr const char* first_done =
    "2026-1125-2159, client 10.0.0.1 (52:54:00:00:00:01) finished restoring. Stats: ok success\n";
constexpr const char* second_failed =
    "2026-1125-2159, client 10.0.0.2 () finished restoring. Stats: /dev/sda1, ***FAIL***\n";

TEST(DrblStatus, PhasesFollowTheLogAndTheLock)
{
    EXPECT_EQ(read_status({}).phase, Phase::none);
    EXPECT_EQ(read_status({{"job.lock", "1"}}).phase, Phase::foreign);
    EXPECT_EQ(read_status(running("", "starting\n")).phase, Phase::starting);
    EXPECT_EQ(read_status(running("", "exit 2\n")).phase, Phase::failed);
    EXPECT_EQ(read_status(running("", "exit 0\n", false)).phase, Phase::stopped);
    const JobStatus half = read_status(running(first_done));
    EXPECT_EQ(half.phase, Phase::running);
    EXPECT_EQ(half.clients[0].state, State::done);
    EXPECT_EQ(half.clients[1].state, State::connected);
    EXPECT_EQ(half.position, 150U + 70U);
    EXPECT_EQ(half.total, 450U);
    EXPECT_TRUE(half.sending);
    const JobStatus all = read_status(running(std::string(first_done) + second_failed));
    EXPECT_EQ(all.phase, Phase::finished);
    EXPECT_EQ(all.clients[1].state, State::failed);
    EXPECT_EQ(verdict(all), 8);
    EXPECT_EQ(verdict(half), 8);
    EXPECT_EQ(verdict(read_status(running("", "stopped\n"))), 1);
}

TEST(DrblStatus, BytesOfAClientAreThoseInTheDirectionOfTheJob)
{
    auto records = running("");
    records.push_back({"job.traffic", "10.0.0.2 5000 70\n10.0.0.9 1 1\n10.0.0.1 x 1\nrubbish\n"});
    const JobStatus restore = read_status(records);
    EXPECT_EQ(restore.clients[0].bytes, std::nullopt);
    EXPECT_EQ(restore.clients[1].bytes, 5000U);
    JobRecord save = record();
    save.action = Action::save;
    records[0].text = save.text();
    EXPECT_EQ(read_status(records).clients[1].bytes, 70U);
}

TEST(DrblStatus, TheLastJobsLogDoesNotCount)
{
    auto records = running(first_done);
    for (Record& r : records)
        if (r.key == "job.log.time")
            r.text = "999";
    EXPECT_EQ(read_status(records).clients[0].state, State::waiting);
    EXPECT_EQ(read_status(running(first_done, "starting\n")).clients[0].state, State::waiting);
}

TEST(DrblStatus, WhatTheServerConfiguredIsReadBack)
{
    Job job;
    job.action = Action::restore;
    job.image = "gold";
    job.devices = {"sda"};
    job.hosts = {"10.0.0.1", "10.0.0.2"};
    auto records = running("");
    const auto boot = [&](const char* ip, const std::string& label, const std::string& told) {
        records.push_back({"boot", ip});
        records.push_back({"boot.file", "C0A86401"});
        records.push_back({"boot.default", label});
        records.push_back({"boot.told", told});
    };
    const std::string told = "-l en_US.UTF-8  --batch -p reboot --nogui -scr restoredisk gold sda";
    boot("10.0.0.1", "clonezilla", told);
    boot("10.0.0.2", "clonezilla", told);
    EXPECT_TRUE(read_back(job, read_status(records)).empty());
    records.resize(records.size() - 4);
    EXPECT_EQ(read_back(job, read_status(records)).size(), 1U); // no menu
    boot("10.0.0.2", "local", told);
    EXPECT_EQ(read_back(job, read_status(records)).size(), 1U);
    records.back().text += " sdb";
    EXPECT_EQ(read_back(job, read_status(records)).size(), 2U);
    records.push_back({"boot.param", told + " sdb\n"});
    EXPECT_EQ(read_back(job, read_status(records)).size(), 3U);
    records.push_back({"boot.efi", "10.0.0.1"});
    records.push_back({"boot.efi.default", "clonezilla-se-client"});
    records.push_back({"boot.efi.told", told});
    EXPECT_EQ(read_back(job, read_status(records)).size(), 3U);
    records.back().text += " sdc";
    EXPECT_EQ(read_back(job, read_status(records)).size(), 4U);
    records[records.size() - 2].text = "local-disk";
    EXPECT_EQ(read_back(job, read_status(records)).size(), 5U);
    records.resize(records.size() - 3);
    for (Record& r : records)
        if (r.key == "job.log")
            r.text = second_failed; // it was quick, and its menu has been reset
    EXPECT_TRUE(read_back(job, read_status(records)).empty());
}

} // namespace
