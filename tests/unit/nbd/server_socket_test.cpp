// SPDX-License-Identifier: GPL-3.0-or-later
// The life of the socket file and of the server.
#include "raw_client.hpp"

#include <chrono>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace xenlab::nbd::test {
namespace {

namespace fs = std::filesystem;

/// serve() on `path`, stopped as soon as it serves; its Error, if any.
std::optional<Errc> try_serve(const std::string& path)
{
    std::stop_source stop;
    ServerOptions options{.socket = path};
    options.ready = [&stop] { stop.request_stop(); };
    return code_of([&] { serve({pattern_export(1)}, options, stop.get_token()); });
}

TEST(ServerSocket, IsForItsOwnerOnlyAndGoneAtTheEnd)
{
    const ::mode_t before = ::umask(0);
    OwnServer server({pattern_export(4096)});
    ::umask(before);
    struct stat info {};
    ASSERT_EQ(::stat(server.socket().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0600U);
    server.stop();
    EXPECT_FALSE(fs::exists(server.socket()));
}

TEST(ServerSocket, ReplacesOneThatNobodyListensOn)
{
    const Scratch files;
    const std::string path = files.file("s");
    {
        const io::Fd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::copy(path.begin(), path.end(), std::begin(address.sun_path));
        ASSERT_EQ(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
                  0);
    }
    ASSERT_TRUE(fs::exists(path));
    EXPECT_EQ(try_serve(path), std::nullopt);
    EXPECT_FALSE(fs::exists(path));
}

TEST(ServerSocket, RefusesOneWhereAServerAnswers)
{
    OwnServer server({pattern_export(4096)});
    EXPECT_EQ(try_serve(server.socket()), Errc::precondition);
    RawClient client(server);
    client.negotiate(true); // it is still there
}

TEST(ServerSocket, RefusesWhatIsNotASocket)
{
    const Scratch files;
    const std::string path = files.file("precious");
    write_pattern(path, 100);
    EXPECT_EQ(try_serve(path), Errc::precondition);
    EXPECT_EQ(fs::file_size(path), 100U);
    EXPECT_EQ(try_serve(files.file("no/such/folder")), Errc::not_found);
    EXPECT_EQ(try_serve(files.file(std::string(108, 'x'))), Errc::usage);
    EXPECT_EQ(try_serve(""), Errc::usage);
}

TEST(ServerSocket, LeavesAFileThatSomebodyElsePutThere)
{
    OwnServer server({pattern_export(4096)});
    fs::remove(server.socket());
    write_pattern(server.socket(), 100);
    server.stop();
    EXPECT_TRUE(fs::exists(server.socket()));
}

TEST(ServerSocket, AStopCutsConnectionsAtOnce)
{
    OwnServer server({pattern_export(64 << 20)});
    RawClient idle(server);
    idle.negotiate(true);
    RawClient negotiating(server);
    RawClient stalled(server);
    stalled.negotiate(true);
    for (int i = 0; i < 4; ++i)
        stalled.request(Cmd::read, 0, 32 << 20);
    const auto start = std::chrono::steady_clock::now();
    server.stop();
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
    EXPECT_TRUE(idle.ended());
}

} // namespace
} // namespace xenlab::nbd::test
