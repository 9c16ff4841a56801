// SPDX-License-Identifier: GPL-3.0-or-later
// The readers of what a server says: records, clients, images, jobs. Texts are recordings of drbl
// 5.2.7 and clonezilla 5.3.17.
#include <xenlab/base/error.hpp>
#include <xenlab/drbl/image.hpp>
#include <xenlab/drbl/records.hpp>
#include <xenlab/drbl/server.hpp>
#include <xenlab/drbl/status.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace {

using namespace xenlab;
using namespace xenlab::drbl;
using State = ClientStatus::State;
using Phase = JobStatus::Phase;

Errc code_of(std::string_view answer)
{
    try {
        read_records(answer);
    } catch (const Error& error) {
        return error.code();
    }
    return Errc::failed;
}

TEST(DrblRecords, LengthsRuleAndTheEndMustBeThere)
{
    const auto records = read_records("a 3\nx\ny\nb.c 0\n\nend 0\n\n");
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].text, "x\ny");
    EXPECT_EQ(find_record(records, "b.c"), "");
    EXPECT_EQ(find_record(records, "d"), std::nullopt);
    EXPECT_EQ(code_of(""), Errc::unreachable);
    EXPECT_EQ(code_of("a 3\nx\ny\n"), Errc::unreachable);
    EXPECT_EQ(code_of("a 30\nx\ny\n"), Errc::unreachable);
    EXPECT_EQ(code_of("a 2\nx\ny\nend 0\n\n"), Errc::bad_data);
    EXPECT_EQ(code_of("A 1\nx\nend 0\n\n"), Errc::bad_data);
    EXPECT_EQ(code_of("a -1\nx\nend 0\n\n"), Errc::bad_data);
    EXPECT_EQ(code_of("a 18446744073709551615\nx\nend 0\n\n"), Errc::unreachable);
    EXPECT_EQ(code_of("end 0\n\nmore"), Errc::bad_data);
    EXPECT_EQ(code_of("Welcome to Debian, there are many words before the first line ends here\n"),
              Errc::bad_data);
}

TEST(DrblServer, AMachineWithoutDrblSaysSo)
{
    EXPECT_THROW(read_facts({{"drbl", "no"}}), Error);
    const auto facts = read_facts({{"drbl", "yes"},
                                   {"root", "yes"},
                                   {"time", "1795643963"},
                                   {"ocsroot", "/home/partimag"},
                                   {"ocsroot.size", "1000"},
                                   {"ocsroot.free", "nonsense"}});
    EXPECT_EQ(facts.time, 1795643963);
    EXPECT_EQ(facts.image_space, 1000U);
    EXPECT_EQ(facts.image_free, std::nullopt);
}

TEST(DrblServer, ClientsComeFromHostBlocksAndRanges)
{
    const auto clients = read_clients(
        {{"clients.hosts", "# HOSTNAME IP MAC_ADDRESS\npc10 192.168.100.10 52:54:00:00:00:0A\n"
                           "pc2 192.168.100.2 52:54:00:00:00:02\nbad not.an.ip 1\n"
                           "$(id) 192.168.100.3 52:54:00:00:00:03\nlonely\n"},
         {"clients.addresses", "192.168.100.2\n192.168.100.200\n"},
         {"group", "room1"},
         {"group.members", "192.168.100.2\n52:54:00:00:00:0A\n"},
         {"group", "bad/name"},
         {"group.members", "x"}});
    ASSERT_EQ(clients.list.size(), 4U);
    EXPECT_EQ(clients.list[0].name, "pc2");
    EXPECT_EQ(clients.list[1].name, ""); // a name that is none
    EXPECT_EQ(clients.list[2], (Client{"pc10", "192.168.100.10", "52:54:00:00:00:0a"}));
    EXPECT_EQ(clients.list[3].mac, "");
    ASSERT_EQ(clients.groups.size(), 1U);
    EXPECT_EQ(clients.groups[0].members.size(), 2U);
}

std::vector<Record> gold()
{
    return {
        {"image", "gold"},
        {"image.files",
         "592 100 clonezilla-img\n4 100 disk\n5 100 parts\n512 100 sda-mbr\n"
         "3000 100 sda1.ext4-ptcl-img.gz.aa\n200 90 sda1.ext4-ptcl-img.gz.ab\n60 120 MD5SUMS\n"},
        {"image.file", "disk"},
        {"image.text", "sda\n"},
        {"image.file", "parts"},
        {"image.text", "sda1 sda2\n"},
        {"image.file", "dev-fs.list"},
        {"image.text", "# <Device name>   <File system>   <Size>\n/dev/sda1 ext4 100MB\n"
                       "/dev/sda2 swap 1GB\n"},
        {"image.file", "sda-pt.parted"},
        {"image.text",
         "Model: ATA\nDisk /dev/sda: 614400s\nSector size (logical/physical): 512B/512B\n"
         " 1      2048s    204799s  202752s  ext4\n 2      204800s  409599s  204800s  swap\n"},
        {"image.log", "This image was saved by Clonezilla at 2026-11-25 21:58:40 UTC.\n...\n"
                      "### End of log ###\n### Image created time: 2026-1125-2158\n"}};
}

Image image_of(std::vector<Record> records)
{
    const auto images = read_images(records);
    return images.empty() ? Image{} : images.front();
}

void replace(std::vector<Record>& records, std::string_view from, std::string_view to)
{
    for (Record& record : records)
        if (const std::size_t at = record.text.find(from); at != std::string::npos)
            record.text.replace(at, from.size(), to);
}

TEST(DrblImage, FactsComeFromItsSmallFiles)
{
    const Image image = image_of(gold());
    EXPECT_EQ(image.kind, Image::Kind::disk);
    ASSERT_EQ(image.disks.size(), 1U);
    EXPECT_EQ(image.disks[0].size, 614400U * 512);
    EXPECT_EQ(image.disks[0].needed, 409600U * 512);
    ASSERT_EQ(image.partitions.size(), 2U);
    EXPECT_EQ(image.partitions[0].filesystem, "ext4");
    EXPECT_EQ(image.partitions[0].tool, "partclone");
    EXPECT_EQ(image.partitions[0].compression, "gz");
    EXPECT_EQ(image.partitions[0].stored, 3200U);
    EXPECT_EQ(image.partitions[1].tool, "swap");
    EXPECT_EQ(image.stored, 4373U);
    EXPECT_EQ(image.modified, 120);
    EXPECT_EQ(image.saved_at, "2026-11-25 21:58:40 UTC");
    EXPECT_TRUE(image.complete && image.checksums);
    EXPECT_TRUE(image.problems.empty()) << image.problems.front();
}

TEST(DrblImage, EachKindOfDamageIsNamed)
{
    const auto problem = [](std::string_view from, std::string_view to) {
        auto records = gold();
        replace(records, from, to);
        const Image image = image_of(records);
        return image.problems.empty() ? "" : image.problems.front();
    };
    EXPECT_EQ(problem("img.gz.ab", "img.gz.ac"), "a piece of sda1 is missing");
    EXPECT_EQ(problem("200 90", "0 90"), "a file of sda1 is empty");
    EXPECT_EQ(problem("### Image created time", ""), "its log has no end: saving it was cut short");
    EXPECT_EQ(problem("sda1 sda2", "sda1 sda3"), "the data of sda3 is missing");
    EXPECT_EQ(problem("sda-mbr", "ecryptfs.info"), "it is encrypted, which DRBL cannot restore");
    EXPECT_EQ(problem("592 100 clonezilla-img\n", "").substr(0, 25), "");
    auto records = gold();
    records[1].text = "1 1 blkdev.list\n";
    records.resize(2);
    EXPECT_EQ(image_of(records).kind, Image::Kind::unknown);
    EXPECT_FALSE(image_of(records).problems.empty());
}

TEST(DrblImage, FitnessKnowsSizesModesAndNames)
{
    Job job;
    job.action = Action::restore;
    job.image = "gold";
    job.devices = {"sda"};
    const Image image = image_of(gold());
    EXPECT_TRUE(judge(image, job, {}).blockers.empty());
    EXPECT_EQ(judge(image, job, {{"", "sda", 100U << 20U}}).blockers.size(), 1U);
    EXPECT_TRUE(judge(image, job, {{"", "sda", 300U << 20U}}).blockers.empty()); // 200 MiB are needed
    EXPECT_EQ(judge(image, job, {{"", "sda", 1U << 30U}}).warnings.size(), 1U);
    job.layout = Layout::proportional;
    EXPECT_TRUE(judge(image, job, {{"", "sda", 1U << 30U}}).warnings.empty());
    job.devices = {"nvme0n1"};
    EXPECT_EQ(judge(image, job, {}).warnings.size(), 1U); // renamed
    job.devices = {"sda", "sdb"};
    EXPECT_EQ(judge(image, job, {}).blockers.size(), 1U);
    job.scope = Scope::partitions;
    job.devices = {"sda1"};
    EXPECT_TRUE(judge(image, job, {}).blockers.empty());
    job.devices = {"sda9"};
    EXPECT_EQ(judge(image, job, {}).blockers.size(), 1U);
}

TEST(DrblImage, EachDiskOfEachVmIsJudgedByItsOwnSize)
{
    Job job;
    job.action = Action::restore;
    job.image = "gold";
    job.devices = {"sda"};
    const Image image = image_of(gold());
    const Fitness fitness = judge(image, job,
                                  {{"web1", "sda", 100U << 20U},
                                   {"web2", "sda", 300U << 20U},
                                   {"web3", "sda", 1U << 30U}});
    ASSERT_EQ(fitness.blockers.size(), 1U);
    EXPECT_TRUE(fitness.blockers[0].starts_with("sda of web1 is too small")) << fitness.blockers[0];
    ASSERT_EQ(fitness.warnings.size(), 1U);
    EXPECT_NE(fitness.warnings[0].find("sda of web3 stay unused"), std::string::npos);
    // The only disk of an image goes to whatever disk is named.
    job.devices = {"xvda"};
    EXPECT_EQ(judge(image, job, {{"web1", "xvda", 100U << 20U}}).blockers.size(), 1U);
    job.devices = {"1st-disk"};
    EXPECT_EQ(judge(image, job, {{"web1", "1st-disk", 100U << 20U}}).blockers.size(), 1U);
}

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
    for (Record& r : records)
        if (r.key == "job.log")
            r.text = second_failed; // it was quick, and its menu has been reset
    EXPECT_TRUE(read_back(job, read_status(records)).empty());
}

TEST(DrblServer, PortsOfAJobMustBeFreeWithoutOne)
{
    const auto verdict_of = [](std::vector<Record> records) {
        records.push_back({"drbl", "yes"});
        for (const Finding& finding : examine(records))
            if (finding.subject == "ports")
                return static_cast<int>(finding.verdict);
        return -1;
    };
    EXPECT_EQ(verdict_of({{"listening.tcp", "22"}}), 0);
    EXPECT_EQ(verdict_of({{"listening.tcp", "22 6461"}}), 2);
    EXPECT_EQ(verdict_of({{"listening.udp", "67 2232"}}), 2);
    EXPECT_EQ(verdict_of({{"listening.tcp", "22 6461"}, {"job.lock", "5"}}), 0);
}

TEST(DrblServer, TheDoctorNamesWhatIsMissing)
{
    const auto findings = examine({{"drbl", "yes"},
                                   {"root", "no"},
                                   {"ocsroot", "/x"},
                                   {"listening.tcp", "22 2049"},
                                   {"listening.udp", "67"},
                                   {"program", "udp-sender no"},
                                   {"program", "lzop no"},
                                   {"ip_forward", "0"},
                                   {"job.lock", "5"},
                                   {"ranges", "1"}});
    const auto verdict_of = [&](std::string_view subject) {
        const auto it = std::find_if(findings.begin(), findings.end(),
                                     [&](const Finding& f) { return f.subject == subject; });
        return it == findings.end() ? -1 : static_cast<int>(it->verdict);
    };
    EXPECT_EQ(verdict_of("root"), 2);
    EXPECT_EQ(verdict_of("dhcp"), 0);
    EXPECT_EQ(verdict_of("tftp"), 2);
    EXPECT_EQ(verdict_of("nfs"), 0);
    EXPECT_EQ(verdict_of("programs"), 2);
    EXPECT_EQ(verdict_of("compression"), 1);
    EXPECT_EQ(verdict_of("ip_forward"), 1);
    EXPECT_EQ(verdict_of("job"), 1);
    EXPECT_EQ(verdict_of("dhcp ranges"), 1);
}

} // namespace
