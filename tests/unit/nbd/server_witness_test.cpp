// SPDX-License-Identifier: GPL-3.0-or-later
// Our server, judged by the clients of qemu and libnbd.
#include "own_server.hpp"

#include <xenlab/block/raw_image.hpp>

#include <nlohmann/json.hpp>

namespace xenlab::nbd::test {
namespace {

using nlohmann::json;

constexpr std::uint64_t mib = 1 << 20;

json json_of(const std::string& command)
{
    const Ran ran = shell(command);
    EXPECT_EQ(ran.status, 0) << command << "\n" << ran.out;
    return json::parse(ran.out, nullptr, false);
}

Export file_export(const std::string& path)
{
    return {.name = "disk", .open = [path] { return std::make_unique<block::RawImage>(path); }};
}

/// qemu-img map's runs, told apart by "reads as zeros" only and joined.
std::vector<std::pair<std::uint64_t, bool>> zero_runs(const json& map)
{
    std::vector<std::pair<std::uint64_t, bool>> runs;
    for (const json& one : map)
        if (runs.empty() || runs.back().second != one.at("zero").get<bool>())
            runs.emplace_back(one.at("start"), one.at("zero"));
    return runs;
}

TEST(ServerWitness, QemuImgSeesTheSizeAndEveryByte)
{
    NEED("qemu-img");
    const Scratch files;
    const std::string image = files.file("disk image.raw");
    write_pattern(image, 5 * mib);
    OwnServer server({file_export(image)});
    const std::string uri = quoted(server.uri());

    EXPECT_EQ(json_of("qemu-img info --output=json " + uri).at("virtual-size"), 5 * mib);
    const Ran same = shell("qemu-img compare -f raw -F raw " + quoted(image) + " " + uri);
    EXPECT_EQ(same.status, 0) << same.out;
    const std::string copy = quoted(files.file("copy"));
    const Ran converted = shell("qemu-img convert -f raw -O raw " + uri + " " + copy);
    EXPECT_EQ(converted.status, 0) << converted.out;
    EXPECT_EQ(shell("cmp " + quoted(image) + " " + copy).status, 0);
    EXPECT_TRUE(server.device_errors().empty());
    EXPECT_TRUE(server.client_errors().empty());
}

TEST(ServerWitness, QemuImgMapsTheSameHolesAsInTheFile)
{
    NEED("qemu-img");
    const Scratch files;
    const std::string image = files.file("disk.raw");
    write_pattern(image, 3 * mib);
    OwnServer server({file_export(image)});
    const auto ours =
        zero_runs(json_of("qemu-img map --output=json -f raw " + quoted(server.uri())));
    const auto theirs = zero_runs(json_of("qemu-img map --output=json -f raw " + quoted(image)));
    EXPECT_GT(ours.size(), 10U);
    EXPECT_EQ(ours, theirs);
}

TEST(ServerWitness, NbdinfoReadsEveryCapability)
{
    NEED("nbdinfo");
    OwnServer server({pattern_export(3 * mib)});
    const json info = json_of("nbdinfo --json " + quoted(server.uri()));
    ASSERT_TRUE(info.is_object());
    EXPECT_EQ(info.at("protocol"), "newstyle-fixed");
    EXPECT_EQ(info.at("structured"), true);
    const json& disk = info.at("exports").at(0);
    EXPECT_EQ(disk.at("export-size"), 3 * mib);
    EXPECT_EQ(disk.at("description"), "a pattern");
    EXPECT_EQ(disk.at("is_read_only"), true);
    EXPECT_EQ(disk.at("can_multi_conn"), true);
    EXPECT_EQ(disk.at("can_cache"), true);
    EXPECT_EQ(disk.at("can_df"), true);
    EXPECT_EQ(disk.at("can_trim"), false);
    EXPECT_EQ(disk.at("can_flush"), false);
    EXPECT_EQ(disk.at("contexts"), json::array({"base:allocation"}));
    EXPECT_EQ(disk.at("block_size_minimum"), 1);
    EXPECT_EQ(disk.at("block_size_maximum"), 32 * mib);
}

TEST(ServerWitness, NbdinfoMapsExtents)
{
    NEED("nbdinfo");
    OwnServer server({pattern_export(2 * mib + 1)});
    const json map = json_of("nbdinfo --map --json " + quoted(server.uri()));
    PatternDisk disk(2 * mib + 1);
    const auto expected = disk.extents(0, disk.size());
    ASSERT_EQ(map.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(map[i].at("offset"), expected[i].offset);
        EXPECT_EQ(map[i].at("length"), expected[i].length);
        EXPECT_EQ(map[i].at("type"), expected[i].hole ? 3 : 0);
    }
}

TEST(ServerWitness, NbdinfoListsSeveralExports)
{
    NEED("nbdinfo");
    OwnServer server({pattern_export(mib, "xvda"), pattern_export(2 * mib, "xvdb")});
    const json info = json_of("nbdinfo --list --json " + quoted(server.uri()));
    ASSERT_EQ(info.at("exports").size(), 2U);
    EXPECT_EQ(info.at("exports")[0].at("export-name"), "xvda");
    EXPECT_EQ(info.at("exports")[1].at("export-name"), "xvdb");
    EXPECT_EQ(info.at("exports")[1].at("export-size"), 2 * mib);
    EXPECT_EQ(shell("nbdinfo --size " + quoted(server.uri("xvdb"))).out, "2097152\n");
    EXPECT_EQ(shell("nbdinfo --size " + quoted(server.uri())).out, "1048576\n") << "the first one";
    EXPECT_NE(shell("nbdinfo --size " + quoted(server.uri("xvdc"))).status, 0);
}

TEST(ServerWitness, NbdcopyCopiesOddSizesOverSeveralConnections)
{
    NEED("nbdcopy");
    for (const std::uint64_t size : {std::uint64_t{1}, std::uint64_t{511}, 4 * mib + 12345}) {
        OwnServer server({pattern_export(size)});
        const std::string copy = server.scratch().file("copy");
        const Ran ran = shell("nbdcopy --connections=4 --requests=64 " + quoted(server.uri()) +
                              " " + quoted(copy));
        ASSERT_EQ(ran.status, 0) << ran.out;
        const std::string image = server.scratch().file("image");
        write_pattern(image, size);
        EXPECT_EQ(shell("cmp " + quoted(image) + " " + quoted(copy)).status, 0) << size;
    }
}

TEST(ServerWitness, OneDeviceServesManyConnections)
{
    NEED("nbdcopy");
    PatternDisk disk(4 * mib);
    OwnServer server({{.name = "", .description = "", .open = take_turns(disk)}});
    const std::string copy = server.scratch().file("copy");
    const Ran ran = shell("nbdcopy --connections=4 " + quoted(server.uri()) + " " + quoted(copy));
    ASSERT_EQ(ran.status, 0) << ran.out;
    block::RawImage image(copy);
    EXPECT_EQ(read_at(image, 0, 4 * mib), pattern(0, 4 * mib));
}

TEST(ServerWitness, NbdkitsClientReadsThroughIt)
{
    NEED("nbdkit");
    NEED("nbdinfo");
    OwnServer server({pattern_export(mib)});
    const Ran ran = shell("nbdkit -U - nbd socket=" + quoted(server.socket()) +
                          " --run 'nbdinfo --size \"$uri\" && nbdcopy \"$uri\" - | cksum'");
    const std::string image = server.scratch().file("image");
    write_pattern(image, mib);
    EXPECT_EQ(ran.out, "1048576\n" + shell("cksum <" + quoted(image)).out);
}

/// A disk with one bad place.
class ScratchedDisk final : public PatternDisk {
  public:
    using PatternDisk::PatternDisk;
    void read(std::uint64_t offset, std::span<std::byte> buffer) override
    {
        if (offset <= 3 * mib && offset + buffer.size() > 3 * mib)
            throw Error(Errc::bad_data, "Ref:3/00000003: checksum differs");
        PatternDisk::read(offset, buffer);
    }
};

TEST(ServerWitness, AnUnreadablePlaceIsAnErrorForItsReadersOnly)
{
    NEED("qemu-img");
    NEED("nbdcopy");
    OwnServer server({{.name = "", .description = "", .open = [] {
                           return std::make_unique<ScratchedDisk>(4 * mib);
                       }}});
    const Ran copied = shell("nbdcopy " + quoted(server.uri()) + " null:");
    EXPECT_NE(copied.status, 0);
    EXPECT_NE(copied.out.find("Input/output error"), std::string::npos) << copied.out;
    ASSERT_FALSE(server.device_errors().empty());
    EXPECT_STREQ(server.device_errors()[0].what(), "Ref:3/00000003: checksum differs");
    EXPECT_EQ(shell("qemu-img info " + quoted(server.uri())).status, 0) << "the server lives on";
}

} // namespace
} // namespace xenlab::nbd::test
