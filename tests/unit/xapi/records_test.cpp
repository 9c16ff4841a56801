// SPDX-License-Identifier: GPL-3.0-or-later
// Records out of the values that hosts of many versions send.
#include <xenlab/xapi/records.hpp>
#include <xenlab/xmlrpc/value.hpp>

#include <gtest/gtest.h>

namespace xenlab::xapi {
namespace {

using xmlrpc::Array;
using xmlrpc::Struct;
using xmlrpc::Value;

TEST(Records, FieldsAreReadByTheirNames)
{
    const Vm vm = Vm::from(Value(Struct{
        {"name_label", Value("web1")},
        {"is_a_template", Value(true)},
        {"domid", Value("12")},
        {"memory_static_max", Value("10737418240")},
        {"VCPUs_max", Value(std::int64_t{4})},
        {"resident_on", Value("OpaqueRef:h")},
        {"suspend_VDI", Value("")},
        {"VBDs", Value(Array{Value("OpaqueRef:1"), Value("OpaqueRef:2")})},
        {"other_config", Value(Struct{{"b", Value("2")}, {"a", Value("1")}})},
        {"snapshot_time", Value(Value::DateTime{"20261122T15:11:47Z"})},
    }));
    EXPECT_EQ(vm.name_label, "web1");
    EXPECT_TRUE(vm.is_a_template);
    EXPECT_EQ(vm.domid, 12);
    EXPECT_EQ(vm.memory_static_max, 10737418240);
    EXPECT_EQ(vm.VCPUs_max, 4);
    EXPECT_TRUE(vm.resident_on);
    EXPECT_TRUE(vm.suspend_VDI.null()) << "real pools hold empty references";
    ASSERT_EQ(vm.VBDs.size(), 2U);
    EXPECT_EQ(vm.other_config, (StringMap{{"a", "1"}, {"b", "2"}}));
    EXPECT_EQ(vm.snapshot_time, "20261122T15:11:47Z");
}

TEST(Records, WhatIsMissingOrOfAnotherTypeKeepsItsDefault)
{
    for (const Value& odd : {Value(), Value("text"), Value(Array{}), Value(Struct{}),
                             Value(Struct{{"domid", Value(Array{})},
                                          {"VBDs", Value("x")},
                                          {"name_label", Value(Struct{})},
                                          {"other_config", Value(true)},
                                          {"is_a_template", Value("maybe")}})}) {
        const Vm vm = Vm::from(odd);
        EXPECT_EQ(vm.domid, -1);
        EXPECT_TRUE(vm.name_label.empty());
        EXPECT_TRUE(vm.VBDs.empty());
        EXPECT_FALSE(vm.is_a_template);
        EXPECT_TRUE(vm.resident_on.null());
    }
    EXPECT_FALSE(Host::from(Value(Struct{})).ssh_known);
    EXPECT_TRUE(Host::from(Value(Struct{{"ssh_enabled", Value(false)}})).ssh_known);
}

TEST(Records, FingerprintsOfBothGenerations)
{
    EXPECT_EQ(Certificate::from(Value(Struct{{"fingerprint", Value("AA")}})).fingerprint, "AA");
    EXPECT_EQ(Certificate::from(
                  Value(Struct{{"fingerprint", Value("AA")}, {"fingerprint_sha256", Value("BB")}}))
                  .fingerprint,
              "BB");
}

TEST(Records, TasksEnd)
{
    Task task;
    for (const auto& [status, pending] :
         {std::pair("pending", true), std::pair("cancelling", true), std::pair("success", false),
          std::pair("failure", false), std::pair("cancelled", false)}) {
        task.status = status;
        EXPECT_EQ(task.pending(), pending) << status;
    }
}

TEST(GuestMetrics, AddressesWithoutRepetitions)
{
    GuestMetrics metrics;
    metrics.networks = {{"0/ip", "10.0.0.5"},     {"0/ipv4/0", "10.0.0.5"},
                        {"0/ipv6/0", "fe80::1"},  {"0/ipv6/1", "2001:db8::1"},
                        {"1/ipv4/0", "10.0.1.5"}, {"1/error-code", "x"},
                        {"0/ipv4/1", ""}};
    EXPECT_EQ(metrics.addresses(),
              (std::vector<std::string>{"10.0.0.5", "10.0.1.5", "2001:db8::1"}));
}

} // namespace
} // namespace xenlab::xapi
