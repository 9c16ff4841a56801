// SPDX-License-Identifier: GPL-3.0-or-later
#include "fault_table.hpp"

#include <xenlab/xapi/fault.hpp>

#include <gtest/gtest.h>

namespace xenlab::xapi {
namespace {

std::optional<std::string> lookup(std::string_view ref)
{
    if (ref == "OpaqueRef:1")
        return "VM web1";
    return std::nullopt;
}

TEST(Fault, NamesStandInPlaceOfReferences)
{
    const Fault fault("VM.start", "VM_BAD_POWER_STATE", {"OpaqueRef:1", "halted", "running"});
    EXPECT_EQ(fault.code(), Errc::precondition);
    EXPECT_EQ(std::string(fault.what()).find("OpaqueRef"), std::string::npos);
    const std::string words = fault.explain(lookup).what();
    EXPECT_NE(words.find("VM web1"), std::string::npos) << words;
    EXPECT_NE(words.find("(VM_BAD_POWER_STATE)"), std::string::npos) << words;
    EXPECT_EQ(fault.document(),
              (std::vector<std::string>{"VM_BAD_POWER_STATE", "OpaqueRef:1", "halted", "running"}));
}

TEST(Fault, UnknownCodesAreShownAsTheyAre)
{
    const Fault fault({}, "SOME_NEW_ERROR", {"a", "OpaqueRef:NULL", "OpaqueRef:2"});
    EXPECT_EQ(fault.code(), Errc::failed);
    EXPECT_STREQ(fault.explain(lookup).what(), "SOME_NEW_ERROR: a, nothing, the object");
    EXPECT_STREQ(Fault("TASK_CANCELLED").what(), Fault({}, "TASK_CANCELLED", {}).what());
}

TEST(Fault, HostileWordsAreMadePrintable)
{
    const Fault fault({}, "ODD\x1b[2J", {"\x1b]0;x\x07", "\xff\n", std::string(5000, 'x')});
    const std::string words = fault.what();
    EXPECT_EQ(words.find_first_of("\x1b\x07\n"), std::string::npos);
    EXPECT_LT(words.size(), 500U);
}

TEST(Fault, TooFewParametersAreNoFailure)
{
    for (const char* code : {"VM_BAD_POWER_STATE", "HANDLE_INVALID", "HOST_NOT_ENOUGH_FREE_MEMORY"})
        EXPECT_NE(std::string(Fault({}, code, {}).what()), "") << code;
}

TEST(Fault, ASessionReferenceIsNeverShown)
{
    const Fault fault("VM.start", "SESSION_INVALID", {"OpaqueRef:secret"});
    EXPECT_EQ(std::string(fault.explain([](auto) { return "secret"; }).what()).find("secret"),
              std::string::npos);
    EXPECT_EQ(fault.document(), (std::vector<std::string>{"SESSION_INVALID"}));
}

TEST(FaultTable, FindsEachCodeOfItsOwn)
{
    // A binary search: one entry in the wrong place hides others.
    for (const char* code :
         {"CANNOT_CONTACT_HOST", "EVENTS_LOST", "HANDLE_INVALID", "HOST_IS_SLAVE",
          "SESSION_AUTHENTICATION_FAILED", "VDI_IN_USE", "VM_BAD_POWER_STATE"}) {
        ASSERT_NE(fault_words(code), nullptr) << code;
        EXPECT_EQ(fault_words(code)->name, code);
    }
    EXPECT_EQ(fault_words("A"), nullptr);
    EXPECT_EQ(fault_words("ZZZ"), nullptr);
}

} // namespace
} // namespace xenlab::xapi
