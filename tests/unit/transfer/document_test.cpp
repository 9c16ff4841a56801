// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/transfer/document.hpp>
#include <xenlab/xva/pack.hpp>

#include <gtest/gtest.h>

namespace {

using namespace xenlab;
using transfer::Document;

std::string ova_xml()
{
    xva::NewVm vm{.name = "web1"};
    vm.disks.push_back({.name = "root", .size = 1U << 20U});
    return xva::make_ova_xml(vm);
}

std::string without(std::string text, const std::string& field)
{
    const std::string name = "<member><name>" + field + "</name>";
    const std::size_t start = text.find(name);
    return text.erase(start, text.find("</member>", start) + 9 - start);
}

TEST(Document, CompleteRecordsStayAsTheyAre)
{
    Document document(ova_xml());
    EXPECT_EQ(document.complete(), 0U);
    const Document again(document.text());
    EXPECT_EQ(again.metadata().vms, std::vector<std::string>{"web1"});
    EXPECT_EQ(again.metadata().total_virtual_size(), 1U << 20U);
}

TEST(Document, WhatAHostDemandsIsPutIn)
{
    Document document(without(without(ova_xml(), "recommendations"), "physical_utilisation"));
    EXPECT_EQ(document.metadata().missing_fields.size(), 2U);
    EXPECT_EQ(document.complete(), 2U);
    EXPECT_TRUE(Document(document.text()).metadata().missing_fields.empty());
}

TEST(Document, AnUnknownNetworkCannotBeRenamed)
{
    Document document(ova_xml());
    EXPECT_THROW(document.rename_network("lab", "other"), Error);
}

TEST(Document, GarbageIsBadData)
{
    for (const char* text : {"", "<value>x</value>", "<value><struct></struct></value>", "hello"})
        try {
            Document document(text);
            FAIL() << text;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), Errc::bad_data) << text;
        }
}

} // namespace
