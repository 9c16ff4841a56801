// SPDX-License-Identifier: GPL-3.0-or-later
// Real partition tables by sfdisk, fdisk and sgdisk, judged by sfdisk -J, mmls and blkid.
#include "witness_blkid.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <set>

namespace xenlab::partition::test {
namespace {

using nlohmann::json;

class Tables : public testing::Test {
  protected:
    Scratch scratch;

    /// A disk partitioned by an sfdisk script.
    void partition(FileDisk& disk, const std::string& script, const std::string& options = {})
    {
        const std::string file = scratch.file("script");
        std::FILE* out = std::fopen(file.c_str(), "w");
        ASSERT_NE(out, nullptr);
        std::fputs(script.c_str(), out);
        std::fclose(out);
        ASSERT_EQ(
            shell(fmt::format("sfdisk -q {} {} < {}", options, quoted(disk.path()), quoted(file)))
                .status,
            0);
    }
};

void expect_as_sfdisk(const Table& t, const FileDisk& disk, const std::string& options = {})
{
    const Ran ran = shell(fmt::format("sfdisk -J {} {}", options, quoted(disk.path())));
    const json seen = json::parse(ran.out).at("partitiontable");
    const std::uint64_t scale = t.logical_sector_size / 512;
    EXPECT_EQ(seen.value("label", ""), t.label == Label::gpt ? "gpt" : "dos");
    EXPECT_EQ(seen.value("id", ""), t.id);
    if (t.label == Label::gpt) {
        EXPECT_EQ(seen.at("firstlba").get<std::uint64_t>() * scale, t.first_usable_lba);
        EXPECT_EQ(seen.at("lastlba").get<std::uint64_t>() * scale + scale - 1, t.last_usable_lba);
    }
    const json listed = seen.value("partitions", json::array());
    ASSERT_EQ(listed.size(), t.partitions.size());
    for (std::size_t i = 0; i < listed.size(); ++i) {
        const json& want = listed[i];
        const Partition& got = t.partitions[i];
        const std::string node = want.at("node");
        EXPECT_EQ(node.substr(disk.path().size()), fmt::format("{}", got.number));
        EXPECT_EQ(want.at("start").get<std::uint64_t>() * scale, got.start);
        EXPECT_EQ(want.at("size").get<std::uint64_t>() * scale, got.sectors);
        EXPECT_EQ(want.value("name", ""), got.name);
        if (t.label == Label::gpt) {
            EXPECT_EQ(want.at("type"), got.type);
            EXPECT_EQ(want.at("uuid"), got.uuid);
            EXPECT_EQ(want.value("attrs", "").find("LegacyBIOSBootable") != std::string::npos,
                      got.active);
        } else {
            EXPECT_EQ(fmt::format("{:0>2}", want.at("type").get<std::string>()),
                      got.type.substr(2));
            EXPECT_EQ(want.value("bootable", false), got.active);
        }
    }
}

void expect_as_mmls(const Table& t, const FileDisk& disk, const std::string& options = {})
{
    if (!have("mmls"))
        return;
    std::set<std::pair<std::uint64_t, std::uint64_t>> theirs;
    std::istringstream lines(shell(fmt::format("mmls {} {}", options, quoted(disk.path()))).out);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        std::string index;
        std::string slot;
        std::uint64_t start = 0;
        std::uint64_t end = 0;
        std::uint64_t length = 0;
        if (fields >> index >> slot >> start >> end >> length && index.back() == ':' &&
            slot != "Meta" && slot != "-------")
            theirs.emplace(start * t.logical_sector_size, length * t.logical_sector_size);
    }
    std::set<std::pair<std::uint64_t, std::uint64_t>> ours;
    for (const Partition& p : t.partitions)
        if (!p.extended)
            ours.emplace(p.start * 512, p.sectors * 512);
    EXPECT_EQ(ours, theirs);
}

void expect_partuuids_as_blkid(const Table& t, const FileDisk& disk)
{
    if (!have("blkid"))
        return;
    const auto seen = exported(shell("blkid -p -o export " + quoted(disk.path())).out);
    EXPECT_EQ(seen.count("PTTYPE") != 0 ? seen.at("PTTYPE") : "",
              t.label == Label::gpt ? "gpt" : "dos");
    const std::string id = t.label == Label::gpt ? text::to_lower(t.id) : t.id.substr(2);
    EXPECT_EQ(seen.count("PTUUID") != 0 ? seen.at("PTUUID") : "", id);
}

TEST_F(Tables, MbrWithLogicalPartitions)
{
    NEED("sfdisk");
    FileDisk disk(scratch.file("mbr disk.img"), 200 * mib);
    partition(disk, "label: dos\nlabel-id: 0x5ca1ab1e\n"
                    "start=2048, size=20480, type=7, bootable\nsize=20480, type=c\n"
                    "size=300000, type=5\ntype=83\nsize=20480, type=83\nsize=40960, type=82\n"
                    "size=20480, type=8e\n");
    const Result r = drive(disk);
    EXPECT_EQ(all_warnings(r.table), "");
    ASSERT_EQ(r.table.partitions.size(), 7U);
    EXPECT_EQ(r.table.partitions[6].number, 7U);
    expect_as_sfdisk(r.table, disk);
    expect_as_mmls(r.table, disk);
    expect_partuuids_as_blkid(r.table, disk);
    EXPECT_TRUE(drive(disk, {.forward_only = true}).refused.empty());
}

TEST_F(Tables, MbrOfOldDosGeometry)
{
    NEED("sfdisk");
    NEED("mkfs.fat");
    FileDisk disk(scratch.file("old.img"), 64 * mib);
    partition(disk, "label: dos\nstart=63, size=80262, type=6, bootable\n");
    ASSERT_EQ(
        shell(fmt::format("mkfs.fat --offset 63 -F 16 -n OLDDOS {} 40131", quoted(disk.path())))
            .status,
        0);
    const Result r = drive(disk);
    EXPECT_EQ(all_warnings(r.table),
              "partition 1 is not aligned: sector 63 is not a multiple of 8\n");
    expect_as_sfdisk(r.table, disk);
    expect_as_mmls(r.table, disk);
    ASSERT_EQ(r.table.partitions.size(), 1U);
    EXPECT_EQ(r.table.partitions[0].content.label, "OLDDOS");
    expect_as_blkid(r.table.partitions[0].content,
                    fmt::format("-O {} -S {} {}", 63 * 512, 80262 * 512, quoted(disk.path())));
    const Result s = drive(disk, {.forward_only = true});
    EXPECT_TRUE(s.refused.empty());
    EXPECT_EQ(s.table.partitions.at(0).content, r.table.partitions[0].content);
}

TEST_F(Tables, Gpt)
{
    NEED("sfdisk");
    FileDisk disk(scratch.file("gpt.img"), 200 * mib);
    partition(disk, "label: gpt\nsize=100M, type=U, name=\"EFI system\"\n"
                    "size=1M, type=21686148-6449-6E6F-744E-656564454649, attrs=LegacyBIOSBootable\n"
                    "size=20M, type=S, name=\"größe\"\ntype=L\n");
    const Result r = drive(disk);
    EXPECT_EQ(all_warnings(r.table), "");
    EXPECT_EQ(r.table.backup, Backup::sound);
    EXPECT_EQ(r.table.partitions.size(), 4U);
    EXPECT_EQ(r.table.partitions.at(1).type_name, "BIOS boot");
    expect_as_sfdisk(r.table, disk);
    expect_as_mmls(r.table, disk);
    expect_partuuids_as_blkid(r.table, disk);
    EXPECT_TRUE(drive(disk, {.forward_only = true}).refused.empty());
}

// sfdisk takes a sector size only since util-linux 2.39, fdisk took it always.
TEST_F(Tables, GptOf4096ByteSectors)
{
    NEED("fdisk");
    FileDisk disk(scratch.file("4k.img"), 200 * mib);
    const std::string name = quoted(disk.path());
    shell(fmt::format(
        "printf 'g\\nn\\n1\\n\\n+100M\\nt\\n1\\nn\\n2\\n\\n\\nw\\n' | fdisk -b 4096 {}", name));
    const Result r = drive(disk);
    EXPECT_EQ(all_warnings(r.table), "");
    EXPECT_EQ(r.table.backup, Backup::sound);
    EXPECT_EQ(r.table.logical_sector_size, 4096U);
    expect_as_mmls(r.table, disk, "-b 4096");
    const Ran listed =
        shell(fmt::format("fdisk -b 4096 -l -o Start,Sectors,Type-UUID,UUID {} | tail -2", name));
    std::istringstream words(listed.out);
    ASSERT_EQ(r.table.partitions.size(), 2U);
    for (const Partition& p : r.table.partitions) {
        std::uint64_t start = 0;
        std::uint64_t sectors = 0;
        std::string type;
        std::string uuid;
        words >> start >> sectors >> type >> uuid;
        EXPECT_EQ(p.start, start * 8);
        EXPECT_EQ(p.sectors, sectors * 8);
        EXPECT_EQ(p.type, type);
        EXPECT_EQ(p.uuid, uuid);
    }
    EXPECT_NE(shell(fmt::format("fdisk -b 4096 -l {}", name)).out.find(r.table.id),
              std::string::npos);
}

TEST_F(Tables, GptOfThreeTebibytes)
{
    NEED("sfdisk");
    FileDisk disk(scratch.file("huge.img"), std::uint64_t{3} << 40);
    partition(disk, "label: gpt\nsize=2560G, type=L\ntype=L\n");
    const Result r = drive(disk);
    EXPECT_EQ(all_warnings(r.table), "");
    EXPECT_EQ(r.table.backup, Backup::sound);
    EXPECT_EQ(r.table.partitions.size(), 2U);
    expect_as_sfdisk(r.table, disk);
}

TEST_F(Tables, GptBySgdisk)
{
    NEED("sgdisk");
    NEED("sfdisk");
    FileDisk disk(scratch.file("sg.img"), 64 * mib);
    ASSERT_EQ(shell("sgdisk -n 1:2048:+10M -t 1:fd00 -n 5:0:0 -t 5:8e00 -A 5:set:2 -h 1 " +
                    quoted(disk.path()))
                  .status,
              0);
    const Table t = drive(disk).table;
    EXPECT_TRUE(warns(t, "hybrid MBR")) << all_warnings(t);
    EXPECT_EQ(t.partitions.size(), 2U);
    expect_as_sfdisk(t, disk);
}

TEST_F(Tables, GptWithALostPrimary)
{
    NEED("sfdisk");
    FileDisk disk(scratch.file("lost.img"), 64 * mib);
    partition(disk, "label: gpt\nsize=10M, type=L, name=one\ntype=L\n");
    const Table before = drive(disk).table;
    disk.put(512, Bytes(512));
    const Table after = drive(disk).table;
    EXPECT_EQ(after.backup, Backup::in_use);
    EXPECT_EQ(after.id, before.id);
    expect_as_sfdisk(after, disk);
}

TEST_F(Tables, TypeNames)
{
    NEED("sfdisk");
    FileDisk disk(scratch.file("types.img"), 64 * mib);
    std::map<std::string, std::string> theirs;
    for (const char* label : {"dos", "gpt"}) {
        std::istringstream lines(shell(fmt::format("sfdisk --label {} -T", label)).out);
        for (std::string line; std::getline(lines, line);) {
            std::istringstream fields(line);
            std::string id;
            std::string name;
            if (fields >> id && std::getline(fields >> std::ws, name))
                theirs[id] = name;
        }
    }
    struct Case {
        const char* id;
        std::uint8_t type;
    };
    for (const Case& c : {Case{"5", 0x05},
                          {"7", 0x07},
                          {"b", 0x0B},
                          {"c", 0x0C},
                          {"e", 0x0E},
                          {"f", 0x0F},
                          {"27", 0x27},
                          {"82", 0x82},
                          {"83", 0x83},
                          {"85", 0x85},
                          {"8e", 0x8E},
                          {"a5", 0xA5},
                          {"ee", 0xEE},
                          {"ef", 0xEF},
                          {"fb", 0xFB},
                          {"fd", 0xFD}}) {
        MemoryDisk made(8 * mib);
        made.entry(0, 0, c.type, 2048, 2048);
        EXPECT_EQ(table_of(made).partitions.at(0).type_name, theirs[c.id]) << c.id;
    }
    for (const char* guid :
         {"C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "21686148-6449-6E6F-744E-656564454649",
          "E3C9E316-0B5C-4DB8-817D-F92DF00215AE", "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7",
          "DE94BBA4-06D1-4D40-A16A-BFD50179D6AC", "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F",
          "0FC63DAF-8483-4772-8E79-3D69D8477DE4", "A19D880F-05FC-4D3B-A006-743F0F84911E",
          "E6D6D379-F507-44C2-A23C-238F2A3DF928", "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"}) {
        partition(disk, fmt::format("label: gpt\ntype={}\n", guid));
        const Table t = drive(disk).table;
        EXPECT_EQ(t.partitions.at(0).type, guid);
        EXPECT_EQ(t.partitions.at(0).type_name, theirs[guid]);
    }
}

} // namespace
} // namespace xenlab::partition::test
