// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/archive.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/xva/metadata.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace xenlab::xva::test {
namespace {

using namespace xenlab::test;

Metadata read(const std::string& ova)
{
    MetadataReader reader;
    reader.feed(ova);
    return reader.finish();
}

std::string refusal(const std::string& ova)
{
    try {
        read(ova);
    } catch (const Error& e) {
        EXPECT_EQ(e.code(), Errc::bad_data);
        return e.what();
    }
    return {};
}

std::string refs(const Metadata& m)
{
    std::string out;
    for (const Disk& disk : m.disks)
        out += disk.ref + " ";
    return out;
}

TEST(Metadata, DisksWithWhatIsKnownOfThem)
{
    const Metadata m = read(OvaXml().vm("Ref:1", "web &amp; 1").disk("Ref:2", 3000).text());
    EXPECT_EQ(m.vms, (std::vector<std::string>{"web & 1"}));
    EXPECT_EQ(m.export_version(), 2);
    EXPECT_EQ(m.version.at("product_version"), "8.2.1");
    EXPECT_EQ(m.objects, 3U);
    ASSERT_EQ(m.disks.size(), 1U);
    const Disk& d = m.disks[0];
    EXPECT_EQ(d.ref, "Ref:2");
    EXPECT_EQ(d.uuid, "uuid-of-Ref:2");
    EXPECT_EQ(d.name, "name of Ref:2");
    EXPECT_EQ(d.virtual_size, 3000U);
    EXPECT_EQ(d.type, "user");
    EXPECT_EQ(d.vm, "web & 1");
    EXPECT_EQ(d.userdevice, "0");
    EXPECT_TRUE(d.bootable);
    EXPECT_EQ(m.total_virtual_size(), 3000U);
}

TEST(Metadata, DisksComeInTheOrderOfTheirRefsAsStrings)
{
    OvaXml ova;
    for (const auto* ref : {"Ref:2", "Ref:11", "Ref:100", "Ref:9", "OpaqueRef:x", "Ref:002"})
        ova.disk(ref, 512);
    EXPECT_EQ(refs(read(ova.text())), "OpaqueRef:x Ref:002 Ref:100 Ref:11 Ref:2 Ref:9 ");
}

TEST(Metadata, OrderOfMembersAndObjectsDoesNotMatter)
{
    // As Xen Orchestra writes it: id, snapshot, class; objects in front of version.
    const auto object = [](std::string_view name, std::string_view id, const Members& record) {
        return structure(
            {{"id", value(id)}, {"snapshot", structure(record)}, {"class", value(name)}});
    };
    const Metadata m = read(structure(
        {{"objects",
          array(
              {object("VDI", "Ref:002", {{"virtual_size", value("1048576")}}),
               object("VBD", "Ref:003",
                      {{"type", value("Disk")}, {"VDI", value("Ref:002")}, {"VM", value("Ref:1")}}),
               object("VM", "Ref:1", {{"name_label", value("xo")}})})},
         {"version", structure({{"export_vsn", value("2")}})}}));
    EXPECT_EQ(refs(m), "Ref:002 ");
    EXPECT_EQ(m.disks[0].vm, "xo");
    EXPECT_EQ(m.export_version(), 2);
}

TEST(Metadata, CdsAndIsoImagesHaveNoData)
{
    const auto vbd = [](std::string_view vdi, std::string_view type) {
        return Members{{"VM", value("Ref:1")}, {"VDI", value(vdi)}, {"type", value(type)}};
    };
    const Metadata m = read(OvaXml()
                                .vm()
                                .vdi("Ref:20", 512)
                                .object("VBD", "b1", vbd("Ref:20", "CD"))
                                .vdi("Ref:21", 512, "user", "Ref:iso")
                                .object("VBD", "b2", vbd("Ref:21", "Disk"))
                                .vdi("Ref:22", 512)
                                .object("VBD", "b3", vbd("Ref:22", "Floppy"))
                                .vdi("Ref:23", 512)
                                .object("SR", "Ref:iso", {{"content_type", value("iso")}})
                                .object("SR", "Ref:9", {{"content_type", value("user")}})
                                .text());
    EXPECT_EQ(refs(m), "Ref:22 ") << "a floppy counts; a VDI that nobody attached does not";
}

TEST(Metadata, SuspendImages)
{
    const Metadata by_type = read(OvaXml().vdi("Ref:5", 512, "suspend").text());
    EXPECT_EQ(refs(by_type), "Ref:5 ");
    const Metadata by_vm =
        read(OvaXml()
                 .object("VM", "Ref:1",
                         {{"name_label", value("asleep")}, {"suspend_VDI", value("Ref:5")}})
                 .vdi("Ref:5", 512)
                 .text());
    EXPECT_EQ(refs(by_vm), "Ref:5 ");
    EXPECT_EQ(by_vm.disks[0].vm, "asleep");
    EXPECT_EQ(by_vm.disks[0].userdevice, "");
}

TEST(Metadata, DiskOfTwoVmsIsOneDisk)
{
    const Metadata m =
        read(OvaXml()
                 .vm("Ref:1", "first")
                 .vm("Ref:7", "second")
                 .disk("Ref:2", 512)
                 .object("VBD", "b2",
                         {{"VM", value("Ref:7")}, {"VDI", value("Ref:2")}, {"type", value("Disk")}})
                 .text());
    EXPECT_EQ(refs(m), "Ref:2 ");
    EXPECT_EQ(m.disks[0].vm, "first");
}

TEST(Metadata, SizesThatAreNone)
{
    for (const auto* size : {"-1", "", "abc", "9223372036854775808", "1.5", " 512"}) {
        const std::string ova =
            OvaXml().object("VDI", "Ref:2", {{"virtual_size", value(size)}}).text();
        EXPECT_EQ(refusal(ova), "VDI \"Ref:2\" has no virtual_size") << size;
    }
    EXPECT_EQ(refusal(OvaXml().object("VDI", "Ref:2", {}).text()),
              "VDI \"Ref:2\" has no virtual_size");
    OvaXml huge;
    for (const auto* ref : {"a", "b", "c"})
        huge.disk(ref, INT64_MAX);
    EXPECT_EQ(read(huge.text()).total_virtual_size(), UINT64_MAX) << "saturates";
}

TEST(Metadata, ThatMakesNoSense)
{
    EXPECT_EQ(refusal(OvaXml().vdi("Ref:2", 1).vdi("Ref:2", 2).text()),
              "VDI \"Ref:2\" is described twice");
    EXPECT_EQ(refusal(structure({{"version", structure({})}})), "no list of objects");
    EXPECT_EQ(refusal(structure({{"objects", array({structure({{"class", value("VM")}})})}})),
              "object 1 has no class, id and snapshot");
    EXPECT_NE(refusal(structure({{"objects", value("none")}})), "");
    EXPECT_NE(refusal("<appliance version=\"0.1\"></appliance>"), "");
    EXPECT_NE(refusal(""), "");
    EXPECT_EQ(read(structure({{"objects", array({})}})).objects, 0U);
}

TEST(Metadata, IsBounded)
{
    const auto endless = [](auto object) {
        MetadataReader reader;
        reader.feed("<value><struct><member><name>objects</name><value><array><data>");
        for (int i = 0; i < 70'000; ++i)
            reader.feed(object(i));
        return reader.finish();
    };
    EXPECT_THROW(endless([](int i) {
                     return structure({{"class", value("VDI")},
                                       {"id", value(std::to_string(i))},
                                       {"snapshot", structure({{"virtual_size", value("1")}})}});
                 }),
                 Error);
    const std::string long_name(2000, 'n');
    EXPECT_THROW(endless([&](int) {
                     return structure(
                         {{"class", value("VM")},
                          {"id", value("v")},
                          {"snapshot", structure({{"name_label", value(long_name)}})}});
                 }),
                 Error);
}

TEST(Metadata, ExportVersions)
{
    const auto version = [](const std::string& text) {
        return read(OvaXml(text).text()).export_version();
    };
    EXPECT_EQ(version("0"), 0);
    EXPECT_EQ(version("1"), 1);
    EXPECT_EQ(version("2"), 2);
    EXPECT_EQ(version(""), 0);
    EXPECT_EQ(version("-1"), 0);
    EXPECT_EQ(version("99999999999"), 1000);
    EXPECT_EQ(read(structure({{"objects", array({})}})).export_version(), 0);
}

// ---- what an importer needs

nlohmann::json recorded()
{
    std::ifstream file(XENLAB_TEST_DATA "/xva/required-fields.json");
    return nlohmann::json::parse(file);
}

TEST(RequiredFields, AreThoseOfTheRecording)
{
    const nlohmann::json all = recorded();
    EXPECT_GE(all.size(), 12U);
    for (const auto& [name, fields] : all.items()) {
        EXPECT_EQ(required_fields(name).size(), fields.size()) << name;
        for (const RequiredField& field : required_fields(name))
            EXPECT_EQ(fields.value(std::string(field.name), ""), field.type)
                << name << " " << field.name;
    }
    EXPECT_TRUE(required_fields("Nonsense").empty());
}

std::string sample_of(std::string_view type)
{
    if (type == "int64")
        return value("1");
    if (type == "bool")
        return boolean(true);
    if (type == "datetime")
        return value("<dateTime.iso8601>19700101T00:00:00Z</dateTime.iso8601>");
    if (type.ends_with("map"))
        return structure({});
    if (type.ends_with("set"))
        return array({});
    for (const auto& [name, sample] :
         std::initializer_list<std::pair<std::string_view, const char*>>{
             {"on_normal_exit", "destroy"},
             {"on_crash_behaviour", "restart"},
             {"vdi_type", "user"},
             {"vbd_mode", "RW"},
             {"vbd_type", "Disk"}})
        if (type == name)
            return value(sample);
    return value("text");
}

Members complete(std::string_view class_name, std::string_view without = {})
{
    Members record;
    for (const RequiredField& field : required_fields(class_name))
        if (field.name != without)
            record.emplace_back(field.name, sample_of(field.type));
    return record;
}

TEST(RequiredFields, MissingOnesAreNamed)
{
    for (const auto* class_name :
         {"VM", "VDI", "VBD", "VIF", "SR", "network", "host", "VM_metrics", "VTPM"}) {
        EXPECT_TRUE(read(OvaXml().object(class_name, "Ref:2", complete(class_name)).text())
                        .missing_fields.empty())
            << class_name;
        for (const RequiredField& field : required_fields(class_name)) {
            if (field.name == "virtual_size" && std::string_view(class_name) == "VDI")
                continue; // nothing goes without it
            const auto missing =
                read(OvaXml().object(class_name, "Ref:2", complete(class_name, field.name)).text())
                    .missing_fields;
            ASSERT_EQ(missing.size(), 1U) << class_name << " " << field.name;
            EXPECT_EQ(missing[0].class_name, class_name);
            EXPECT_EQ(missing[0].id, "Ref:2");
            EXPECT_EQ(missing[0].field, field.name);
            EXPECT_FALSE(missing[0].wrong_type);
        }
    }
}

TEST(RequiredFields, OfTheWrongTypeAreNamed)
{
    Members record = complete("VDI", "type");
    record.emplace_back("type", value("no such type"));
    const auto missing = read(OvaXml().object("VDI", "Ref:2", record).text()).missing_fields;
    ASSERT_EQ(missing.size(), 1U);
    EXPECT_EQ(missing[0].field, "type");
    EXPECT_TRUE(missing[0].wrong_type);
}

TEST(RequiredFields, OnlyTheFirstHundredAreKept)
{
    OvaXml ova;
    for (int i = 0; i < 50; ++i)
        ova.vm("Ref:" + std::to_string(i));
    EXPECT_EQ(read(ova.text()).missing_fields.size(), 100U);
}

} // namespace
} // namespace xenlab::xva::test
