// SPDX-License-Identifier: GPL-3.0-or-later
// Our client, served by nbdkit, qemu-nbd and ourselves.
#include "listener.hpp"
#include "own_server.hpp"

#include <xenlab/block/raw_image.hpp>
#include <xenlab/nbd/client.hpp>

#include <chrono>
#include <random>

namespace xenlab::nbd::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mib = 1 << 20;

/// The same bytes everywhere: in a row, at random places, at the edges, and as one piece.
void expect_pattern(block::BlockDevice& device, std::uint64_t size)
{
    ASSERT_EQ(device.size(), size);
    for (std::uint64_t at = 0; at < size; at += 123'457) {
        const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(123'457, size - at));
        ASSERT_EQ(read_at(device, at, n), pattern(at, n)) << at;
    }
    std::minstd_rand random(7);
    for (int i = 0; i < 50; ++i) {
        const std::uint64_t at = random() % size;
        const auto n =
            static_cast<std::size_t>(std::min<std::uint64_t>(random() % 300'000, size - at));
        ASSERT_EQ(read_at(device, at, n), pattern(at, n)) << at << " " << n;
    }
    ASSERT_EQ(read_at(device, size - 1, 1), pattern(size - 1, 1));
    ASSERT_EQ(read_at(device, 0, size), pattern(0, size));
}

/// Runs of zeros and data, joined, as the pattern has them.
void expect_pattern_extents(block::BlockDevice& device, std::uint64_t size)
{
    EXPECT_EQ(device.extents(0, size), PatternDisk(size).extents(0, size));
    EXPECT_EQ(device.extents(70'000, 1000), PatternDisk(size).extents(70'000, 1000));
    EXPECT_EQ(device.extents(60'001, 150'000), PatternDisk(size).extents(60'001, 150'000));
}

TEST(ClientWitness, ReadsFromNbdkitsFilePlugin)
{
    NEED("nbdkit");
    const Scratch files;
    const std::string image = files.file("disk image");
    for (const std::uint64_t size : {5 * mib, 2 * mib + 777}) {
        write_pattern(image, size);
        UnixServer server("nbdkit file " + quoted(image));
        const auto device = connect(server.uri(), {}, {});
        expect_pattern(*device, size);
        if (size % 4096 == 0) // a file's extents end with its file system's blocks
            expect_pattern_extents(*device, size);
    }
}

TEST(ClientWitness, ReadsFromServersThatKnowLess)
{
    NEED("nbdkit");
    const Scratch files;
    const std::string image = files.file("disk");
    write_pattern(image, 2 * mib);
    for (const std::string options :
         {"--no-sr", "--filter=noextents", "--oldstyle", "--mask-handshake=0"}) {
        UnixServer server("nbdkit " + options + " file " + quoted(image));
        if (options == "--oldstyle") {
            EXPECT_EQ(code_of([&] { connect(server.uri(), {}, {}); }), Errc::bad_data);
            continue;
        }
        const auto device = connect(server.uri(), {}, {});
        expect_pattern(*device, 2 * mib);
        EXPECT_EQ(device->extents(5, 2 * mib - 5),
                  (std::vector<block::Extent>{{.offset = 5, .length = 2 * mib - 5, .hole = false}}))
            << options;
    }
}

TEST(ClientWitness, KeepsToNbdkitsBlockSizes)
{
    NEED("nbdkit");
    const Scratch files;
    const std::string image = files.file("disk");
    write_pattern(image, 2 * mib);
    UnixServer server("nbdkit --filter=blocksize-policy file " + quoted(image) +
                      " blocksize-minimum=4096 blocksize-preferred=64K blocksize-maximum=64K"
                      " blocksize-error-policy=error");
    const auto device = connect(server.uri(), {}, {});
    expect_pattern(*device, 2 * mib);
    expect_pattern_extents(*device, 2 * mib);
}

TEST(ClientWitness, AnUnknownExportOfQemuNbdIsNotFound)
{
    NEED("qemu-nbd");
    NEED("qemu-img");
    const Scratch files;
    const std::string image = files.file("disk");
    write_pattern(image, 3 * mib);
    ASSERT_EQ(
        shell("qemu-img convert -f raw -O qcow2 " + quoted(image) + " " + quoted(image + ".qcow2"))
            .status,
        0);
    UnixServer server("qemu-nbd --read-only --format=qcow2 --export-name=vda " +
                      quoted(image + ".qcow2"));
    EXPECT_EQ(code_of([&] { connect(server.uri("vdb"), {}, {}); }), Errc::not_found);
}

TEST(ClientWitness, ReadsQcow2ThroughQemuNbd)
{
    NEED("qemu-nbd");
    NEED("qemu-img");
    const Scratch files;
    const std::string image = files.file("disk");
    write_pattern(image, 3 * mib);
    ASSERT_EQ(
        shell("qemu-img convert -f raw -O qcow2 " + quoted(image) + " " + quoted(image + ".qcow2"))
            .status,
        0);
    UnixServer server("qemu-nbd --read-only --format=qcow2 --export-name=vda " +
                      quoted(image + ".qcow2"));
    const auto device = connect(server.uri("vda"), {}, {});
    expect_pattern(*device, 3 * mib);
    expect_pattern_extents(*device, 3 * mib);
}

TEST(ClientWitness, ReadsFromOurOwnServer)
{
    OwnServer server({pattern_export(mib, "a"), pattern_export(5 * mib + 1, "b c")});
    const auto device = connect(server.uri("b%20c"), {}, {});
    expect_pattern(*device, 5 * mib + 1);
    expect_pattern_extents(*device, 5 * mib + 1);
    EXPECT_EQ(code_of([&] { connect(server.uri("d"), {}, {}); }), Errc::not_found);
}

TEST(ClientWitness, ReadsOverTcp)
{
    NEED("nbdkit");
    const TcpListener listener = listen_tcp();
    const Captive program("nbdkit pattern 1M", listener.fd);
    const auto device = connect("nbd://127.0.0.1:" + std::to_string(listener.port), {}, {});
    const auto data = read_at(*device, 4096, 1024);
    for (std::size_t i = 0; i < data.size(); i += 8)
        ASSERT_EQ(bytes::be64(data, i), 4096 + i);
    EXPECT_EQ(connect("nbd://localhost:" + std::to_string(listener.port) + "/x", {}, {})->size(),
              mib);
}

TEST(ClientWitness, AnErrorOfNbdkitIsOneOfTheRequest)
{
    NEED("nbdkit");
    const Scratch files;
    const std::string trigger = files.file("trigger");
    UnixServer server("nbdkit --filter=error memory 1M error-pread=EIO error-pread-rate=100%"
                      " error-pread-file=" +
                      quoted(trigger));
    const auto device = connect(server.uri(), {}, {});
    EXPECT_EQ(read_at(*device, 0, 100), std::vector<std::byte>(100));
    write_pattern(trigger, 1);
    EXPECT_EQ(code_of([&] { read_at(*device, 100'000, 300'000); }), Errc::failed);
    std::filesystem::remove(trigger);
    EXPECT_EQ(read_at(*device, 100'000, 300'000), std::vector<std::byte>(300'000));
}

TEST(ClientWitness, AFileThatShrankIsAnErrorOfTheRequest)
{
    NEED("nbdkit");
    const Scratch files;
    const std::string image = files.file("disk");
    write_pattern(image, mib);
    UnixServer server("nbdkit --filter=truncate file " + quoted(image) + " round-up=1M");
    const auto device = connect(server.uri(), {}, {});
    std::filesystem::resize_file(image, 1000);
    EXPECT_EQ(code_of([&] { read_at(*device, 500'000, 4096); }), Errc::failed);
}

TEST(ClientWitness, ASlowNbdkitIsWaitedForAsLongAsAllowed)
{
    NEED("nbdkit");
    UnixServer server("nbdkit --filter=delay memory 1M delay-read=300ms");
    const auto patient = connect(server.uri(), {}, {});
    EXPECT_EQ(read_at(*patient, 0, 100), std::vector<std::byte>(100));
    const auto hasty = connect(server.uri(), {.silence_timeout = 50ms}, {});
    EXPECT_EQ(code_of([&] { read_at(*hasty, 0, 100); }), Errc::timeout);
}

TEST(ClientWitness, AKilledNbdkitIsUnreachable)
{
    NEED("nbdkit");
    UnixServer server("nbdkit memory 1M");
    const auto device = connect(server.uri(), {}, {});
    EXPECT_EQ(read_at(*device, 0, 100), std::vector<std::byte>(100));
    server.kill();
    EXPECT_EQ(code_of([&] { read_at(*device, 0, 100); }), Errc::unreachable);
    EXPECT_EQ(code_of([&] { connect(server.uri(), {}, {}); }), Errc::unreachable);
}

TEST(ClientWitness, TheEndOfOurOwnServerIsUnreachable)
{
    OwnServer server({pattern_export(mib)});
    const auto device = connect(server.uri(), {}, {});
    server.stop();
    EXPECT_EQ(code_of([&] { read_at(*device, 0, 100); }), Errc::unreachable);
}

} // namespace
} // namespace xenlab::nbd::test
