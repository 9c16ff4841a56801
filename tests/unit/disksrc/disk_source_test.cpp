// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/archive.hpp"
#include "support/scratch.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/block/vhd_writer.hpp>
#include <xenlab/disksrc/disk_source.hpp>

#include <gtest/gtest.h>
#include <zstd.h>

#include <csignal>
#include <thread>

#include <sys/stat.h>

namespace xenlab::disksrc::test {
namespace {

using namespace xenlab::test;

std::string xva()
{
    return Archive()
        .metadata(OvaXml().vm().disk("Ref:2", 1500).disk("Ref:11", 1024, "1").text())
        .chunk("Ref:11", 0, noise(1024))
        .chunk("Ref:2", 0, noise(1024, 2))
        .chunk("Ref:2", 1, noise(476, 3))
        .end()
        .bytes();
}

std::string zstd(const std::string& plain)
{
    std::string out(ZSTD_compressBound(plain.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), 3));
    return out;
}

/// A disk image: a boot sector and noise.
std::string image()
{
    std::string out = std::string(510, '\0') + "\x55\xaa" + noise(9488);
    return out;
}

class DiskSrc : public testing::Test {
  protected:
    std::unique_ptr<DiskSource> open(const std::string& content)
    {
        return open_disks(scratch.put("a disk", content),
                          {.damaged = [this](auto& words) { damage += words; }});
    }
    std::string refusal(const std::string& content)
    {
        try {
            open(content);
        } catch (const Error& e) {
            EXPECT_EQ(e.code(), Errc::bad_data);
            const std::string words = e.what();
            const std::string name = scratch / "a disk" + ": ";
            EXPECT_TRUE(words.starts_with(name)) << words;
            return words.substr(std::min(name.size(), words.size()));
        }
        return {};
    }
    Scratch scratch;
    std::string damage;
};

std::string content_of(DiskSource& source, std::size_t disk, std::size_t size)
{
    Bytes buffer(size);
    if (auto* device = source.device(disk))
        device->read(0, buffer);
    else
        buffer.resize(
            source.stream()->read(disk, 0, buffer, block::ForwardDisks::no_limit).value_or(0));
    return text_of(buffer);
}

TEST_F(DiskSrc, XvaInAFileIsReadAtRandom)
{
    const auto source = open(xva());
    ASSERT_EQ(source->disks().size(), 2U);
    EXPECT_EQ(source->disks()[0].ref, "Ref:11");
    EXPECT_EQ(source->disks()[1].name, "name of Ref:2");
    EXPECT_EQ(source->disks()[1].size, 1500U);
    EXPECT_EQ(source->stream(), nullptr);
    EXPECT_EQ(content_of(*source, 1, 1500), noise(1024, 2) + noise(476, 3));
    EXPECT_EQ(content_of(*source, 0, 1024), noise(1024));
    EXPECT_EQ(source->device(1), source->device(1));
    EXPECT_EQ(damage, "");
}

TEST_F(DiskSrc, CompressedXvaStreams)
{
    const auto source = open(zstd(xva()));
    ASSERT_EQ(source->disks().size(), 2U);
    EXPECT_EQ(source->device(0), nullptr);
    EXPECT_EQ(content_of(*source, 1, 1500), noise(1024, 2) + noise(476, 3));
}

TEST_F(DiskSrc, ImageInAFile)
{
    const auto source = open(image());
    ASSERT_EQ(source->disks().size(), 1U);
    EXPECT_EQ(source->disks()[0].ref, "");
    EXPECT_EQ(source->disks()[0].size, 10000U);
    EXPECT_EQ(content_of(*source, 0, 10000), image());
}

TEST_F(DiskSrc, CompressedImageStreams)
{
    const auto source = open(zstd(image()));
    ASSERT_EQ(source->disks().size(), 1U);
    EXPECT_EQ(source->disks()[0].size, std::nullopt);
    EXPECT_EQ(content_of(*source, 0, 20000), image());
}

TEST_F(DiskSrc, PipesStream)
{
    std::signal(SIGPIPE, SIG_IGN); // the writer is left alone when the test has seen enough
    const std::string path = scratch / "pipe";
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    for (const std::string& content : {xva(), image(), zstd(xva())}) {
        const std::jthread writer([&] { scratch.put("pipe", content); });
        const auto source = open_disks(path, {});
        EXPECT_EQ(source->device(0), nullptr);
        if (source->disks().size() == 2)
            EXPECT_EQ(content_of(*source, 1, 1024), noise(1024, 2));
        else
            EXPECT_EQ(content_of(*source, 0, 10000), image());
    }
}

TEST_F(DiskSrc, TarOfOneVdiStreams)
{
    const auto source =
        open(Archive().chunk("vdi", 0, noise(1024)).chunk("vdi", 1, noise(10)).end().bytes());
    ASSERT_EQ(source->disks().size(), 1U);
    EXPECT_EQ(source->disks()[0].ref, "vdi");
    EXPECT_EQ(source->disks()[0].size, std::nullopt);
    EXPECT_EQ(content_of(*source, 0, 5000), noise(1024) + noise(10));
}

TEST_F(DiskSrc, DamageIsTold)
{
    std::string archive = xva();
    archive[archive.find(noise(1024, 2)) + 5] ^= 1;
    const auto source = open(archive);
    content_of(*source, 1, 1500);
    EXPECT_NE(damage.find("Ref:2/00000000 is damaged"), std::string::npos);
}

TEST_F(DiskSrc, OtherContentIsNamed)
{
    const std::string neither = "neither an XVA nor a disk image: ";
    EXPECT_EQ(refusal(""), neither + "empty");
    EXPECT_EQ(refusal("<html><title>Oops</title>"), neither + "an HTML page titled \"Oops\"");
    EXPECT_EQ(refusal("conectix" + noise(2000)),
              "no VHD footer; in front: the checksum of the VHD footer is wrong");
    EXPECT_EQ(refusal("QFI\xfb" + noise(2000)), "a qcow image of version 2931024939");
    EXPECT_EQ(refusal(zstd("conectix" + noise(2000))), neither + "a VHD disk image");
    EXPECT_EQ(refusal(Archive().entry("readme", "x").end().bytes()),
              neither + "a tar archive, but its first entry is \"readme\" instead of ova.xml");
    EXPECT_EQ(refusal(zstd(zstd("twice"))),
              neither + "zstd-compressed data inside the compressed data");
    EXPECT_EQ(refusal(zstd("")), neither + "empty");
    EXPECT_NE(refusal(xva().substr(0, 700)), "");
    EXPECT_NE(refusal(zstd(xva()).substr(0, 10)), "");
}

TEST_F(DiskSrc, DisksOfAPoolAreNoBytes)
{
    for (const auto* name : {"vm:web1", "vdi:x", "snap:x"})
        try {
            open_bytes(name, {}, false);
            FAIL() << name;
        } catch (const Error& e) {
            EXPECT_EQ(e.code(), Errc::usage);
            EXPECT_NE(e.hint().find("write ./" + std::string(name) + " if you mean a file"),
                      std::string::npos);
        }
}

TEST_F(DiskSrc, AVhdIsReadAtRandom)
{
    const std::string raw = noise(3'000'000 / 512 * 512);
    {
        io::OutputFile file(scratch / "a disk");
        block::VhdWriter writer(file, raw.size(), block::VhdIdentity::fresh());
        writer.write(std::as_bytes(std::span(raw)));
        writer.finish();
    }
    const auto source = open_disks(scratch / "a disk", {});
    EXPECT_EQ(source->format(), SourceFormat::vhd);
    EXPECT_EQ(source->stream(), nullptr);
    ASSERT_NE(source->device(0), nullptr);
    std::string got(raw.size(), 0);
    source->device(0)->read(0, std::as_writable_bytes(std::span(got)));
    EXPECT_EQ(got, raw);
}

TEST_F(DiskSrc, AQcow2ImageMayNotNameFilesElsewhere)
{
    // version 2, a backing file name of the given length at byte 200 (qemu docs/interop/qcow2.txt)
    const auto with_backing = [](const std::string& name) {
        std::string head = std::string("QFI\xfb\0\0\0\2\0\0\0\0\0\0\0\xc8", 16);
        head += std::string("\0\0\0", 3) + static_cast<char>(name.size());
        head.resize(200);
        head += name;
        head.resize(66'000);
        return head;
    };
    scratch.put("other", "no image");
    for (const std::string name : {"/etc/passwd", "../x", "json:{}", "nbd:host:1", "other"})
        try {
            open(with_backing(name));
            FAIL() << name;
        } catch (const Error& e) {
            EXPECT_EQ(e.code(), Errc::precondition) << e.what();
        }
    try {
        open(with_backing("a disk"));
        FAIL();
    } catch (const Error& e) {
        EXPECT_EQ(e.code(), Errc::bad_data) << e.what();
        EXPECT_NE(std::string(e.what()).find("in a loop"), std::string::npos) << e.what();
    }
}

TEST_F(DiskSrc, NbdNeedsAServer)
{
    for (const auto* name : {"nbd://127.0.0.1:1/x", "nbd://[::1]:1/"})
        try {
            open_disks(name, {});
            FAIL() << name;
        } catch (const Error& e) {
            EXPECT_EQ(e.code(), Errc::unreachable) << e.what();
        }
}

TEST_F(DiskSrc, MissingFiles)
{
    try {
        open_disks(scratch / "none", {});
        FAIL();
    } catch (const Error& e) {
        EXPECT_EQ(e.code(), Errc::not_found);
        EXPECT_EQ(std::string(e.what()), scratch / "none" + ": No such file or directory");
    }
    EXPECT_THROW(open_disks(scratch / "", {}), Error);
}

TEST_F(DiskSrc, BytesAreDecompressed)
{
    for (const bool threaded : {true, false})
        for (const std::string& content : {xva(), zstd(xva())}) {
            const auto source = open_bytes(scratch.put("a", content), {}, threaded);
            Bytes buffer(100000);
            buffer.resize(io::read_full(*source, buffer));
            EXPECT_EQ(text_of(buffer), xva());
        }
}

TEST_F(DiskSrc, StoppedBeforeItStarts)
{
    std::stop_source stop;
    stop.request_stop();
    try {
        open_disks(scratch.put("a", xva()), {.stop = stop.get_token()});
        FAIL();
    } catch (const Error& e) {
        EXPECT_EQ(e.code(), Errc::interrupted);
    }
}

} // namespace
} // namespace xenlab::disksrc::test
