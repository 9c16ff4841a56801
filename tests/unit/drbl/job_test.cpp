// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/drbl/job.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace {

using namespace xenlab;
using namespace xenlab::drbl;

Job job_of(Action action)
{
    Job job;
    job.action = action;
    job.image = "gold";
    job.devices = {"sda"};
    job.hosts = {"10.0.0.5", "10.0.0.6"};
    job.clients_to_wait = action == Action::multicast ? 2 : 0;
    return job;
}

constexpr const char* redirected = " </dev/null >/var/log/xenlab-drbl.log 2>&1";

TEST(DrblJob, CommandsAreThoseOfTheGoldenTexts)
{
    EXPECT_EQ(command_line(job_of(Action::save)),
              std::string("drbl-ocs -b -nogui -l en_US.UTF-8 -q2 -j2 -z1p -i 0 -p reboot "
                          "-h '10.0.0.5 10.0.0.6' startdisk save gold sda") +
                  redirected);
    EXPECT_EQ(command_line(job_of(Action::restore)),
              std::string("drbl-ocs -b -nogui -l en_US.UTF-8 -g auto -e1 auto -e2 -r -j2 -scr "
                          "-p reboot -h '10.0.0.5 10.0.0.6' startdisk restore gold sda") +
                  redirected);
    EXPECT_EQ(command_line(job_of(Action::multicast)),
              std::string("drbl-ocs -b -nogui -l en_US.UTF-8 -g auto -e1 auto -e2 -r -j2 -scr "
                          "-p reboot --clients-to-wait 2 --max-time-to-wait 300 "
                          "-h '10.0.0.5 10.0.0.6' startdisk multicast_restore gold sda") +
                  redirected);
}

TEST(DrblJob, EveryOptionHasItsWord)
{
    Job job = job_of(Action::multicast);
    job.scope = Scope::partitions;
    job.devices = {"sda1", "nvme0n1p2"};
    job.after = "poweroff";
    job.interface = "eth1";
    job.check_image = false;
    job.checksums = true;
    EXPECT_EQ(command_line(job),
              std::string("drbl-ocs -b -nogui -l en_US.UTF-8 -r -j2 -k -cm -sc0 -p poweroff "
                          "--clients-to-wait 2 --max-time-to-wait 300 --mcast-iface eth1 "
                          "-h '10.0.0.5 10.0.0.6' "
                          "startparts multicast_restore gold sda1 nvme0n1p2") +
                  redirected);
    Job all = job_of(Action::restore);
    all.hosts.clear();
    all.all_clients = true;
    all.layout = Layout::proportional;
    EXPECT_EQ(command_line(all),
              std::string("drbl-ocs -b -nogui -l en_US.UTF-8 -g auto -e1 auto -e2 -r -j2 -k1 -scr "
                          "-p reboot startdisk restore gold sda") +
                  redirected);
}

/// Each of these must be refused before anything is composed.
TEST(DrblJob, HostileFieldsByTheHundredNeverReachACommand)
{
    const std::vector<std::string> payloads{"x@{[`touch PWNED`]}",
                                            "`id`",
                                            "$(id)",
                                            "${IFS}",
                                            ";reboot",
                                            "|reboot",
                                            "&reboot",
                                            "a|b",
                                            "a\nb",
                                            "a\tb",
                                            "a b",
                                            "'",
                                            "\"",
                                            "\\",
                                            "*",
                                            "?",
                                            "[a]",
                                            "{a,b}",
                                            "~",
                                            "#",
                                            "!",
                                            "%s",
                                            "a%00b",
                                            "../../etc/passwd",
                                            "/etc/passwd",
                                            "..",
                                            ".",
                                            "-p",
                                            "--help",
                                            "-h",
                                            "ask_user",
                                            "@ARGV",
                                            "$0",
                                            "s|a|b|e",
                                            "a/../b",
                                            "\x01",
                                            "\x7f",
                                            "\xff\xfe",
                                            "a\xcc\x81",
                                            "<x",
                                            ">x",
                                            "(x)",
                                            "a=b c",
                                            "a,b;c",
                                            "é",
                                            "name\r",
                                            "",
                                            " ",
                                            "x'y",
                                            "x\"y",
                                            "x\\ny",
                                            "$(printf\\x20a)",
                                            "a^b",
                                            "a:b|c",
                                            "\x1b[2J"};
    const std::vector<std::function<void(Job&, const std::string&)>> fields{
        [](Job& job, const std::string& s) { job.image = s; },
        [](Job& job, const std::string& s) { job.image = "gold" + s + "x"; },
        [](Job& job, const std::string& s) { job.devices = {s}; },
        [](Job& job, const std::string& s) {
            job.devices = {"sda", "sdb" + s + ";"};
        },
        [](Job& job, const std::string& s) { job.hosts = {s}; },
        [](Job& job, const std::string& s) {
            job.hosts = {"10.0.0.5", "10.0.0.6" + s + " "};
        },
        [](Job& job, const std::string& s) { job.after = s; },
        [](Job& job, const std::string& s) { job.compression = s; },
        [](Job& job, const std::string& s) { job.interface = s + ";"; }};
    int refused = 0;
    for (std::size_t i = 0; i < fields.size(); ++i)
        for (const std::string& payload : payloads) {
            Job job = job_of(Action::multicast);
            fields[i](job, payload);
            if (i == 1 &&
                job.image.find_first_not_of("abcdefghijklmnopqrstuvwxyz._-") == std::string::npos)
                continue; // "gold..x" is a name like another
            EXPECT_THROW(command_words(job), Error) << i << " " << payload;
            ++refused;
        }
    EXPECT_GT(refused, 400);
}

TEST(DrblJob, EveryCompressionHasItsProgram)
{
    Job job = job_of(Action::save);
    for (const char* option :
         {"1", "1p", "2", "2p", "3", "4", "5", "5p", "6", "6p", "7", "8", "8p", "9", "9p"}) {
        job.compression = option;
        EXPECT_FALSE(compressor_of(job).empty()) << option;
    }
    EXPECT_EQ(compressor_of(job), "zstdmt");
    job.compression = "0";
    EXPECT_EQ(compressor_of(job), "");
}

TEST(DrblJob, WhatIsMissingOrContradictsIsRefused)
{
    const auto refused = [](auto change) {
        Job job = job_of(Action::multicast);
        change(job);
        EXPECT_THROW(require_valid(job), Error);
    };
    refused([](Job& job) { job.devices.clear(); });
    refused([](Job& job) { job.hosts.clear(); });
    refused([](Job& job) { job.all_clients = true; });
    refused([](Job& job) { job.clients_to_wait = 0; });
    refused([](Job& job) { job.clients_to_wait = 3; });
    refused([](Job& job) { job.max_wait = std::chrono::seconds(0); });
    refused([](Job& job) { job.devices = {"sda", "sda"}; });
    refused([](Job& job) { job.devices = {"1st-disk", "sda"}; });
    refused([](Job& job) { job.scope = Scope::partitions; });
    refused([](Job& job) {
        job.action = Action::save;
        job.layout = Layout::keep;
    });
}

TEST(DrblJob, WhatTheServerConfiguredIsComparedWithThePlan)
{
    Job job = job_of(Action::restore);
    job.layout = Layout::proportional;
    // Recorded from drbl-ocs 5.2.7.
    const std::string good =
        "-l en_US.UTF-8  --batch -g auto -e1 auto -e2 -r --clone-hidden-data -k1 "
        "-scr -p reboot --nogui -scr restoredisk gold sda";
    EXPECT_EQ(difference(expected_of(job), good), "");
    EXPECT_NE(difference(expected_of(job), ""), "");
    EXPECT_NE(difference(expected_of(job), good + " sdb"), "");
    EXPECT_NE(difference(expected_of(job), good + "\n"), "");
    job.after = "poweroff";
    EXPECT_NE(difference(expected_of(job), good).find("lacks -p poweroff"), std::string::npos);
    job.after = "reboot";
    job.image = "other";
    EXPECT_NE(difference(expected_of(job), good).find("and not"), std::string::npos);
}

} // namespace
