// SPDX-License-Identifier: GPL-3.0-or-later
// The same report, however many threads hash.
#include "verify_case.hpp"

#include <functional>

namespace xenlab::xva::test {
namespace {

/// Forty chunks of 64 KiB; some damaged, one header too.
std::string big_damaged()
{
    Archive archive;
    archive.metadata(OvaXml().disk("Ref:2", 40 * 65536).text());
    for (unsigned n = 0; n < 40; ++n)
        archive.chunk("Ref:2", n, noise(65536, n));
    std::string bytes = archive.end().raw("tail").bytes();
    for (const unsigned n : {3U, 4U, 17U, 38U, 39U})
        bytes = damaged(bytes, noise(65536, n).substr(5000, 64));
    return damaged(bytes, "Ref:2/00000020.xxhash");
}

TEST(VerifyThreads, GiveTheSameReport)
{
    const std::string archive = big_damaged();
    const std::string expected = "checksum Ref:2/00000003 196608+65536\n"
                                 "checksum Ref:2/00000004 262144+65536\n"
                                 "checksum Ref:2/00000017 1114112+65536\n"
                                 "bad-header Ref:2/00000020 1310720+65536\n"
                                 "checksum Ref:2/00000038 2490368+65536\n"
                                 "checksum Ref:2/00000039 2555904+65536\n"
                                 "trailing\n";
    for (const unsigned threads : {0U, 1U, 2U, 8U})
        for (int turn = 0; turn < 5; ++turn) {
            EXPECT_EQ(lines(check(archive, true, threads)), expected) << threads;
            EXPECT_EQ(lines(check(archive, false, threads)),
                      expected.substr(0, expected.find('\n') + 1))
                << threads;
        }
}

/// Gives some bytes and then fails.
class Failing final : public io::ByteSource {
  public:
    Failing(std::string data, std::function<void()> fail)
        : data_(std::move(data)), fail_(std::move(fail))
    {
    }
    std::size_t read(std::span<std::byte> buffer) override
    {
        const std::size_t n = source_.read(buffer);
        if (n == 0 && !buffer.empty())
            fail_();
        return n;
    }
    [[nodiscard]] std::uint64_t position() const override { return source_.position(); }

  private:
    std::string data_;
    io::MemorySource source_{view(data_)};
    std::function<void()> fail_;
};

TEST(VerifyThreads, DamageComesBeforeTheBreakOfTheStreamBehindIt)
{
    std::string bytes = big_damaged();
    bytes.resize(bytes.find("Ref:2/00000005"));
    for (const unsigned threads : {1U, 8U}) {
        const auto broken = [&] {
            return std::make_unique<Failing>(bytes, [] {
                throw io::StreamError(io::Damage::corrupt, "the gzip data is damaged");
            });
        };
        EXPECT_EQ(lines(verify(broken(), {.keep_going = true, .hash_threads = threads})),
                  "checksum Ref:2/00000003 196608+65536\nchecksum Ref:2/00000004 "
                  "262144+65536\nchecksum\n");
        EXPECT_EQ(lines(verify(broken(), {.hash_threads = threads})),
                  "checksum Ref:2/00000003 196608+65536\n");
    }
}

TEST(VerifyThreads, FailuresThatSayNothingOfTheArchiveAreThrown)
{
    for (const Errc code : {Errc::interrupted, Errc::failed, Errc::timeout})
        try {
            verify(std::make_unique<Failing>(big_damaged().substr(0, 500000),
                                             [&] { throw Error(code, "reading failed"); }),
                   {.keep_going = true, .hash_threads = 8});
            FAIL();
        } catch (const Error& e) {
            EXPECT_EQ(e.code(), code);
        }
}

} // namespace
} // namespace xenlab::xva::test
