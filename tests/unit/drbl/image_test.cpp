// SPDX-License-Identifier: GPL-3.0-or-later
// What an image's small files say, and what they say against a job. Texts are recordings of
// clonezilla 5.3.17.
#include <xenlab/drbl/image.hpp>

#include <gtest/gtest.h>

namespace {

using namespace xenlab;
using namespace xenlab::drbl;

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

TEST(DrblImage, APartitionInOnePieceHasNoGap)
{
    for (const char* name : {"sda1.ext4-ptcl-img.gz", "sda1.ext4-ptcl-img.xz", "sda1.dd-img.aa",
                             "sda1.ext4-ptcl-img.zst", "sda1.ext4-ptcl-img.uncomp"}) {
        auto records = gold();
        replace(records, "3000 100 sda1.ext4-ptcl-img.gz.aa\n200 90 sda1.ext4-ptcl-img.gz.ab",
                std::string("3000 100 ") + name);
        const Image image = image_of(records);
        EXPECT_TRUE(image.problems.empty()) << name << ": " << image.problems.front();
        EXPECT_EQ(image.partitions[0].stored, 3000U) << name;
    }
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
    EXPECT_TRUE(
        judge(image, job, {{"", "sda", 300U << 20U}}).blockers.empty()); // 200 MiB are needed
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
    const Fitness fitness = judge(
        image, job,
        {{"web1", "sda", 100U << 20U}, {"web2", "sda", 300U << 20U}, {"web3", "sda", 1U << 30U}});
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

} // namespace
