// SPDX-License-Identifier: GPL-3.0-or-later
// Two ends, a line between them that is paced and bad, and a clock of our own: hours in no time.
#include <xenlab/serial/mux.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace xenlab::serial {
namespace {

/// One end: echoes on the agent's side, collects on the host's.
class End final : public ChannelOwner {
  public:
    End(Side side, std::uint32_t seed)
        : mux(side, *this),
          link({side, {}}, mux, [rng = std::mt19937(seed)]() mutable { return rng(); }), side_(side)
    {
        mux.attach(link);
    }
    void on_session(bool fresh, const Greeting& peer) override
    {
        (fresh ? sessions : resumed)++;
        greeting = peer;
    }
    void on_lost() override { ++lost; }
    void on_open(std::uint8_t chan, Op op, View body) override
    {
        if (op == Op::ping)
            mux.send(chan, Op::pong, body);
        opened.push_back(chan);
    }
    void on_message(std::uint8_t chan, Op op, View body) override
    {
        if (is_stream(op)) {
            mux.consumed(chan, slow ? 0 : body.size());
            got.insert(got.end(), body.begin(), body.end());
        } else {
            ++messages;
        }
        if (op == Op::eof && side_ == Side::agent)
            mux.close(chan);
    }
    void on_close(std::uint8_t) override { ++closed; }
    void on_noise(View text) override { noise += text.size(); }

    Mux mux;
    Link link;
    Greeting greeting;
    Buffer got;
    std::vector<std::uint8_t> opened;
    std::size_t noise = 0;
    int sessions = 0, resumed = 0, lost = 0, messages = 0, closed = 0;
    bool slow = false;

  private:
    Side side_;
};

struct Faults {
    double drop = 0, flip = 0, stall = 0; // probability a byte
    bool noise = false;
};

/// Bytes in one direction at 11.52 a millisecond.
class Wire {
  public:
    Wire(Faults faults, std::uint32_t seed) : faults_(faults), random_(seed) {}
    void put(View data) { queue_.insert(queue_.end(), data.begin(), data.end()); }
    void cut() { queue_.clear(); }
    [[nodiscard]] bool full() const { return queue_.size() > 200'000; }
    Buffer take(Millis now)
    {
        Buffer out;
        credit_ = std::min(credit_ + 11.52, 50.0);
        while (credit_ >= 1 && !queue_.empty() && now >= stalled_until_) {
            credit_ -= 1;
            std::byte b = queue_.front();
            queue_.pop_front();
            if (happens(faults_.stall))
                stalled_until_ = now + 2000;
            if (happens(faults_.drop))
                continue;
            if (happens(faults_.flip))
                b ^= std::byte{0x10};
            out.push_back(b);
            ++passed;
            if (faults_.noise && passed % 5000 == 0)
                for (const char c : std::string("\r\n[ 12.3] usb 1-1: new device\r\n"))
                    out.push_back(static_cast<std::byte>(c));
        }
        return out;
    }
    std::size_t passed = 0;

  private:
    bool happens(double chance)
    {
        return chance > 0 && std::uniform_real_distribution<double>()(random_) < chance;
    }
    Faults faults_;
    std::mt19937 random_;
    std::deque<std::byte> queue_;
    double credit_ = 0;
    Millis stalled_until_ = 0;
};

struct World {
    explicit World(Faults faults = {}, std::uint32_t seed = 1)
        : host(Side::host, seed), agent(Side::agent, seed + 1), down(faults, seed + 2),
          up(faults, seed + 3)
    {
    }
    /// Until `done` or the time is up; returns whether it was done.
    bool run(Millis limit, const std::function<bool()>& done,
             const std::function<void()>& each = {})
    {
        const Millis end = now + limit;
        for (; now < end && !done(); ++now) {
            if (each)
                each();
            move(host, down);
            move(agent, up);
            agent.link.receive(down.take(now), now);
            host.link.receive(up.take(now), now);
        }
        return done();
    }
    void move(End& end, Wire& wire) const
    {
        Buffer out;
        while (!wire.full() && end.link.next_frame(out, now)) {
        }
        wire.put(out);
    }
    Millis now = 1;
    End host, agent;
    Wire down, up;
};

Buffer pattern(std::size_t size)
{
    Buffer data(size);
    std::mt19937 random(42);
    for (std::byte& b : data)
        b = static_cast<std::byte>(random());
    return data;
}

/// Sends `data` from the host; true when the agent has it all, in order.
bool transfer(World& world, const Buffer& data, Millis limit,
              const std::function<void()>& each = {})
{
    world.host.link.start(world.now);
    if (!world.run(20'000, [&] { return world.host.link.up(); }))
        return false;
    const auto chan = world.host.mux.open(Op::put, {});
    std::size_t sent = 0;
    return world.run(
               limit, [&] { return world.agent.got.size() >= data.size(); },
               [&] {
                   const std::size_t room =
                       std::min(world.host.mux.room(*chan), data.size() - sent);
                   if (room > 0)
                       world.host.mux.send(*chan, Op::data, View(data).subspan(sent, room));
                   sent += room;
                   if (each)
                       each();
               }) &&
           world.agent.got == data;
}

TEST(LinkSimulation, CleanLineIsUsedTo97Percent)
{
    World world;
    const Buffer data = pattern(512 * 1024);
    ASSERT_TRUE(transfer(world, data, 60'000));
    EXPECT_EQ(world.host.link.stats().resent, 0U);
    const double share = static_cast<double>(data.size()) / 11.52 / static_cast<double>(world.now);
    EXPECT_GT(share, 0.975);
}

TEST(LinkSimulation, EveryFaultIsRepaired)
{
    const Buffer data = pattern(200 * 1024);
    const std::vector<Faults> all{{.drop = 3e-5},
                                  {.flip = 3e-5},
                                  {.stall = 1e-5},
                                  {.noise = true},
                                  {.drop = 1e-4, .flip = 1e-4, .stall = 1e-5, .noise = true}};
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::uint32_t seed = 1; seed <= 3; ++seed) {
            World world(all[i], seed * 100);
            EXPECT_TRUE(transfer(world, data, 600'000)) << "faults " << i << " seed " << seed;
            EXPECT_EQ(world.agent.sessions, 1);
        }
}

TEST(LinkSimulation, OneLossCostsOneFrame)
{
    World world;
    const Buffer data = pattern(200 * 1024);
    bool lost = false;
    ASSERT_TRUE(transfer(world, data, 60'000, [&] {
        if (!lost && world.down.passed > 100'000) {
            lost = true;
            const Buffer one = world.down.take(world.now); // a dozen bytes of one frame
            ASSERT_LT(one.size(), 60U);
        }
    }));
    EXPECT_EQ(world.host.link.stats().resent, 1U);
}

TEST(LinkSimulation, BrokenConnectionGoesOnInTheSameSession)
{
    World world;
    const Buffer data = pattern(200 * 1024);
    int cuts = 0;
    ASSERT_TRUE(transfer(world, data, 120'000, [&] {
        if (cuts < 2 && world.down.passed > 60'000U * static_cast<unsigned>(cuts + 1)) {
            ++cuts;
            world.down.cut();
            world.up.cut();
            world.host.link.line_restored(world.now);
        }
    }));
    EXPECT_EQ(world.agent.sessions, 1);
    EXPECT_LE(world.host.link.stats().resent, 30U) << "only what was lost";
}

TEST(LinkSimulation, AgentThatStartsAnewIsNoticed)
{
    World world;
    world.host.link.start(world.now);
    ASSERT_TRUE(world.run(5000, [&] { return world.host.link.up(); }));
    ASSERT_TRUE(world.host.mux.open(Op::put, {}));
    world.run(100, [] { return false; });
    End second(Side::agent, 99);
    const Millis end = world.now + 20'000;
    for (; world.now < end && world.host.lost == 0; ++world.now) {
        world.move(world.host, world.down);
        world.move(second, world.up);
        second.link.receive(world.down.take(world.now), world.now);
        world.host.link.receive(world.up.take(world.now), world.now);
    }
    EXPECT_EQ(world.host.lost, 1);
    EXPECT_EQ(world.host.mux.count(), 0U);
    EXPECT_EQ(second.sessions, 0) << "a new session is the host's decision";
}

TEST(LinkSimulation, SlowConsumerDoesNotHoldUpOthers)
{
    World world;
    world.agent.slow = true;
    world.host.link.start(world.now);
    ASSERT_TRUE(world.run(5000, [&] { return world.host.link.up(); }));
    const auto slow = world.host.mux.open(Op::put, {});
    ASSERT_TRUE(world.run(
        60'000, [&] { return world.agent.got.size() > 60'000; },
        [&] {
            world.host.mux.send(*slow, Op::data, Buffer(world.host.mux.room(*slow), std::byte{1}));
        }));
    world.run(5000, [] { return false; });
    EXPECT_LE(world.agent.got.size(), channel_credit) << "not more than the credit";
    ASSERT_TRUE(world.host.mux.open(Op::ping, {}));
    const Millis before = world.now;
    ASSERT_TRUE(world.run(5000, [&] { return world.host.messages > 0; }));
    EXPECT_LT(world.now - before, 100U);
}

TEST(LinkSimulation, KeyPressesOvertakeACopy)
{
    World world;
    world.host.link.start(world.now);
    ASSERT_TRUE(world.run(5000, [&] { return world.host.link.up(); }));
    const auto copy = world.host.mux.open(Op::put, {});
    const auto keys = world.host.mux.open(Op::exec, {}, true);
    const auto fill = [&] {
        world.host.mux.send(*copy, Op::data, Buffer(world.host.mux.room(*copy), std::byte{1}));
    };
    world.run(
        8000, [] { return false; }, fill);
    Millis worst = 0;
    for (int i = 0; i < 20; ++i) {
        const int heard = world.agent.messages;
        world.host.mux.send(*keys, Op::resize, {});
        const Millis before = world.now;
        ASSERT_TRUE(world.run(
            2000, [&] { return world.agent.messages > heard; }, fill));
        worst = std::max(worst, world.now - before);
        world.run(
            37, [] { return false; }, fill);
    }
    EXPECT_LT(worst, 50U);
}

TEST(LinkSimulation, CreditThatWasNotGivenEndsTheSession)
{
    World world;
    world.host.link.start(world.now);
    ASSERT_TRUE(world.run(5000, [&] { return world.host.link.up(); }));
    EXPECT_FALSE(world.agent.mux.on_message(1, {})) << "an empty message";
    Buffer open{static_cast<std::byte>(Op::put)};
    EXPECT_TRUE(world.agent.mux.on_message(1, open));
    Buffer data(2048, static_cast<std::byte>(Op::data));
    world.agent.slow = true;
    bool accepted = true;
    for (int i = 0; i < 40 && accepted; ++i)
        accepted = world.agent.mux.on_message(1, data);
    EXPECT_FALSE(accepted);
}

} // namespace
} // namespace xenlab::serial
