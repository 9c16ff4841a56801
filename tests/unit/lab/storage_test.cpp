// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/lab/storage.hpp>

#include <gtest/gtest.h>

namespace xenlab::lab {
namespace {

using Config = xapi::StringMap;

TEST(Storage, EachDriverGetsItsOwnKeys)
{
    EXPECT_EQ(parse_storage("nfs", "srv1:/srv/vm", false).device_config,
              (Config{{"server", "srv1"}, {"serverpath", "/srv/vm"}}));
    EXPECT_EQ(parse_storage("nfs", "nfs://10.0.0.9/srv/vm", false).device_config,
              (Config{{"server", "10.0.0.9"}, {"serverpath", "/srv/vm"}}));
    EXPECT_EQ(parse_storage("iso-nfs", "nfs://srv1/iso", false).device_config,
              (Config{{"location", "srv1:/iso"}, {"type", "nfs_iso"}}));
    EXPECT_EQ(parse_storage("iso-cifs", "smb://LAB;bob@srv1/isos/win/", false).device_config,
              (Config{{"location", "//srv1/isos"},
                      {"iso_path", "/win"},
                      {"type", "cifs"},
                      {"username", "LAB\\bob"}}));
    EXPECT_EQ(parse_storage("iso-cifs", "\\\\srv1\\isos", false).device_config,
              (Config{{"location", "//srv1/isos"}, {"type", "cifs"}}));
    EXPECT_EQ(parse_storage("smb", "//srv1/vms/a", false).device_config,
              (Config{{"server", "//srv1/vms/a"}}));
    EXPECT_EQ(
        parse_storage("iscsi", "iscsi://u@srv1:3261/iqn.2026-11.lab:x/3600a", false).device_config,
        (Config{{"target", "srv1"},
                {"port", "3261"},
                {"targetIQN", "iqn.2026-11.lab:x"},
                {"SCSIid", "3600a"},
                {"chapuser", "u"}}));
    EXPECT_EQ(parse_storage("ext", "/dev/sdb", false).device_config,
              (Config{{"device", "/dev/sdb"}}));
}

TEST(Storage, AProbeMayBePartial)
{
    EXPECT_EQ(parse_storage("nfs", "srv1", true).device_config, (Config{{"server", "srv1"}}));
    EXPECT_EQ(parse_storage("iscsi", "iscsi://srv1", true).device_config,
              (Config{{"target", "srv1"}, {"port", "3260"}}));
}

TEST(Storage, RefusesWhatIsNone)
{
    const std::pair<const char*, const char*> bad[] = {{"nfs", "srv1"},
                                                       {"nfs", ":/x"},
                                                       {"nfs", "nfs:///x"},
                                                       {"nfs", "srv1:/"},
                                                       {"nfs", ""},
                                                       {"smb", "srv1/x"},
                                                       {"smb", "//srv1"},
                                                       {"smb", "//srv1/"},
                                                       {"iscsi", "srv1"},
                                                       {"iscsi", "iscsi://"},
                                                       {"iscsi", "iscsi://a/iqn"},
                                                       {"ext", "sdb"},
                                                       {"ext", "/dev/"},
                                                       {"ext", "/dev/a\nb"},
                                                       {"zfs", "/dev/sdb"},
                                                       {"lvm", "/dev/\xff"},
                                                       {"iscsi", "iscsi://a:0/i/s"},
                                                       {"iscsi", "iscsi://a:99999/i/s"}};
    for (const auto& [kind, url] : bad)
        EXPECT_THROW(static_cast<void>(parse_storage(kind, url, false)), Error) << kind << url;
}

TEST(Storage, APasswordInAUrlIsNotRepeated)
{
    try {
        static_cast<void>(parse_storage("iso-cifs", "smb://bob:s3cret@srv1/isos", false));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Errc::usage);
        EXPECT_EQ((error.what() + error.hint()).find("s3cret"), std::string::npos);
    }
}

TEST(Probe, ReadsExportsTargetsAndLuns)
{
    const auto exports =
        parse_probe("<?xml version=\"1.0\" ?>\n<nfs-exports>\n\t<Export>\n\t\t<Target>srv1"
                    "</Target>\n\t\t<Path>\n/srv/vm\n</Path>\n\t</Export>\n</nfs-exports>\n");
    ASSERT_EQ(exports.size(), 1U);
    EXPECT_EQ(exports[0].kind, "Export");
    EXPECT_EQ(exports[0].value("Path"), "/srv/vm");
    EXPECT_EQ(exports[0].value("None"), "");
    EXPECT_TRUE(parse_probe("<SRlist>\n</SRlist>").empty());
}

TEST(Probe, TakesAnythingForAnAnswer)
{
    for (const char* text :
         {"", "no xml", "<a", "<a><b></a>", "<a><b/><b><c><d/></c></b></a>", "\xff"})
        EXPECT_LE(parse_probe(text).size(), 2U) << text;
    std::string many = "<l>";
    for (int i = 0; i < 5000; ++i)
        many += "<SR/>";
    EXPECT_EQ(parse_probe(many + "</l>").size(), 1000U);
}

} // namespace
} // namespace xenlab::lab
