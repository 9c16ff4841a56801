// SPDX-License-Identifier: GPL-3.0-or-later
// A small archive cut at every byte and with every bit turned over, in each form of checksum and
// header.
#include "support/archive.hpp"

#include <xenlab/xva/verify.hpp>

#include <gtest/gtest.h>

#include <cctype>
#include <map>
#include <ostream>

namespace xenlab::xva::test {
namespace {

using namespace xenlab::test;

struct Form;
std::string name_of(const Form& form);

struct Form {
    Tar dialect;
    Sum sum;
    friend void PrintTo(const Form& form, std::ostream* out) { *out << name_of(form); }
};

std::string name_of(const Form& form)
{
    static const std::map<Tar, std::string> dialects{
        {Tar::v7, "V7"}, {Tar::ustar, "Ustar"}, {Tar::npm, "Npm"}};
    return dialects.at(form.dialect) + (form.sum == Sum::sha1 ? "Sha1" : "Xxh64");
}

constexpr std::uint64_t disk_size = 1024 + 300;

/// One disk of two chunks, the last one partial; in one form a CD drive and an ISO image beside it.
Archive small_archive(const Form& form)
{
    OvaXml ova;
    ova.vm().disk("Ref:2", disk_size);
    if (form.dialect == Tar::v7 && form.sum == Sum::xxhash)
        ova.object("VBD", "Ref:3",
                   {{"VM", value("Ref:1")}, {"VDI", value("Ref:4")}, {"type", value("CD")}})
            .vdi("Ref:4", 4096, "user", "Ref:5")
            .object("SR", "Ref:5", {{"content_type", value("iso")}});
    return Archive(form.dialect, form.sum)
        .metadata(ova.text())
        .chunk("Ref:2", 0, noise(1024))
        .chunk("Ref:2", 1, noise(300, 2))
        .end();
}

/// The verdict and what the archive said of its disk.
struct Outcome {
    Report report;
    std::string data;
};

Outcome check(std::string_view archive)
{
    Outcome out;
    VerifyEvents events;
    events.data = [&](std::size_t, std::uint64_t offset, std::span<const std::byte> bytes) {
        out.data.resize(std::max<std::size_t>(out.data.size(), offset + bytes.size()));
        out.data.replace(offset, bytes.size(), text_of(bytes));
    };
    out.report = verify(std::make_unique<io::MemorySource>(view(archive)), {}, events);
    return out;
}

class EveryForm : public testing::TestWithParam<Form> {
  protected:
    const Archive archive = small_archive(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Damage, EveryForm,
                         testing::Values(Form{Tar::v7, Sum::xxhash}, Form{Tar::v7, Sum::sha1},
                                         Form{Tar::ustar, Sum::xxhash}, Form{Tar::npm, Sum::sha1}),
                         [](const auto& test) { return name_of(test.param); });

TEST_P(EveryForm, IsGoodUndamaged)
{
    const Outcome whole = check(archive.bytes());
    EXPECT_TRUE(whole.report.ok());
    ASSERT_EQ(whole.report.disks.size(), 1U);
    EXPECT_EQ(whole.report.disks[0].disk.ref, "Ref:2");
    EXPECT_EQ(whole.report.disks[0].chunks, 2U);
    EXPECT_EQ(whole.data, noise(1024) + noise(300, 2));
    EXPECT_LE(archive.bytes().size(), 16384U + disk_size);
}

TEST_P(EveryForm, CutAtAnyByteIsBad)
{
    const std::string& all = archive.bytes();
    for (std::size_t cut = 0; cut < all.size(); cut += stride()) {
        const Report report = check(std::string_view(all).substr(0, cut)).report;
        ASSERT_FALSE(report.ok()) << "cut at byte " << cut;
        if (cut >= 512) {
            EXPECT_EQ(report.problems[0].kind, ProblemKind::truncated) << cut;
        }
    }
}

TEST_P(EveryForm, FlippedBitIsNoticedOrDoesNotMatter)
{
    std::map<Region, std::size_t> passed;
    std::string damaged = archive.bytes();
    for (std::size_t bit = 0; bit < damaged.size() * 8; bit += stride()) {
        const auto flip = static_cast<char>(1 << bit % 8);
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ flip);
        const Outcome out = check(damaged);
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ flip);
        if (!out.report.ok())
            continue;
        const Region region = archive.region(bit / 8);
        ++passed[region];
        ASSERT_TRUE(region == Region::metadata || region == Region::padding) << "bit " << bit;
        // Accepted: then it is the same disk with the same bytes.
        ASSERT_EQ(out.report.disks.size(), 1U) << "bit " << bit;
        ASSERT_EQ(out.report.disks[0].disk.ref, "Ref:2") << "bit " << bit;
        ASSERT_EQ(out.report.disks[0].disk.virtual_size, disk_size) << "bit " << bit;
        ASSERT_EQ(out.data, noise(1024) + noise(300, 2)) << "bit " << bit;
    }
    EXPECT_GT(passed[Region::padding], 0U);
    EXPECT_GT(passed[Region::metadata], 0U) << "a name_label may change";
}

} // namespace
} // namespace xenlab::xva::test
