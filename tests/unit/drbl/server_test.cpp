// SPDX-License-Identifier: GPL-3.0-or-later
// The readers of what a server says of itself: records, clients, health.
#include <xenlab/base/error.hpp>
#include <xenlab/drbl/records.hpp>
#include <xenlab/drbl/server.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace {

using namespace xenlab;
using namespace xenlab::drbl;

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
