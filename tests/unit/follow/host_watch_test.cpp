// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/follow/host_watch.hpp>

#include <gtest/gtest.h>

using namespace xenlab;
using follow::HostView;
using follow::InterfaceName;
using follow::parse_interface;

TEST(InterfaceNames, OfBothToolstacks)
{
    const auto vif = parse_interface("vif7.1");
    ASSERT_TRUE(vif);
    EXPECT_EQ(vif->side, InterfaceName::Side::vif);
    EXPECT_EQ(vif->domid, 7U);
    EXPECT_EQ(vif->device, 1U);
    EXPECT_EQ(parse_interface("tap12.0")->side, InterfaceName::Side::tap);
    EXPECT_EQ(parse_interface("vif4.0-emu")->side, InterfaceName::Side::tap);
    for (const char* other : {"", "vif", "eth0", "vif7", "vif7.", "vif.0", "vif7.0x", "vif-1.0",
                              "vif7.0.1", "vif99999999999.0", "tapping.0", "vif 7.0"})
        EXPECT_FALSE(parse_interface(other)) << other;
}

TEST(HostViews, FollowTheLinesOfTheWatcher)
{
    HostView view;
    const std::chrono::nanoseconds now(5'000'000'000);
    EXPECT_FALSE(apply_line(view, "connection 10.0.0.1 5 10.0.0.2 22", now));
    EXPECT_FALSE(apply_line(view, "time 7000000000", now));
    EXPECT_FALSE(apply_line(view, "xenstore", now));
    EXPECT_FALSE(apply_line(view, "domain 7 AAAA-b", now));
    EXPECT_TRUE(apply_line(view, "interfaces vif7.0=up tap7.0=down", now));
    EXPECT_EQ(view.ssh_connection, "10.0.0.1 5 10.0.0.2 22");
    EXPECT_EQ(view.clock_offset, std::chrono::seconds(2));
    EXPECT_EQ(view.vms.at(7), "aaaa-b");
    EXPECT_TRUE(view.interfaces.at("vif7.0"));
    EXPECT_FALSE(view.interfaces.at("tap7.0"));
    EXPECT_FALSE(apply_line(view, "left 7", now));
    EXPECT_TRUE(view.vms.empty());
    EXPECT_TRUE(apply_line(view, "interfaces", now));
    EXPECT_TRUE(view.interfaces.empty());
    EXPECT_FALSE(apply_line(view, "time 1234N", now)); // a date(1) that knows no %N
}

TEST(HostViews, NonsenseIsRefused)
{
    HostView view;
    for (const char* line : {"", "domain", "domain x y", "domain 7", "left", "left -1", "hello",
                             "interfaces =up", "interfaces vif7.0", "domain 99999999999999 x"})
        EXPECT_THROW(apply_line(view, line, {}), Error) << line;
}
