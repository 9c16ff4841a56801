// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/transfer/document.hpp>
#include <xenlab/xmlrpc/message.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::transfer {
namespace {

std::string text_of(const xmlrpc::Value& record, std::string_view member)
{
    const xmlrpc::Value* value = record.find(member);
    return value == nullptr ? std::string() : value->as_scalar().value_or("");
}

std::string text_of(const xmlrpc::Struct& record, std::string_view member)
{
    const auto found = record.find(member);
    return found == record.end() ? std::string() : found->second.as_scalar().value_or("");
}

/// Fields for which "nothing" would not do; values as the templates of a fresh host have them.
const std::map<std::string_view, std::string_view>& sensible()
{
    static const std::map<std::string_view, std::string_view> values{
        {"actions_after_shutdown", "destroy"},
        {"actions_after_reboot", "restart"},
        {"actions_after_crash", "restart"},
        {"memory_static_max", "1073741824"},
        {"memory_dynamic_max", "1073741824"},
        {"memory_dynamic_min", "1073741824"},
        {"memory_static_min", "536870912"},
        {"VCPUs_max", "1"},
        {"VCPUs_at_startup", "1"},
        {"HVM_boot_policy", "BIOS order"},
        {"domid", "-1"},
        {"MTU", "1500"},
    };
    return values;
}

xmlrpc::Value harmless(std::string_view name, std::string_view type)
{
    if (const auto found = sensible().find(name); found != sensible().end())
        return xmlrpc::Value(std::string(found->second));
    if (type == "bool")
        return xmlrpc::Value(name == "managed");
    if (type == "int64")
        return xmlrpc::Value("0");
    if (type.ends_with("_map"))
        return xmlrpc::Value(xmlrpc::Struct());
    if (type.ends_with("_set") || type == "set")
        return xmlrpc::Value(xmlrpc::Array());
    if (type.starts_with("ref_"))
        return xmlrpc::Value("OpaqueRef:NULL");
    if (type == "datetime")
        return xmlrpc::Value(xmlrpc::Value::DateTime{"19700101T00:00:00Z"});
    if (type == "vdi_type")
        return xmlrpc::Value("user");
    if (type == "vbd_mode")
        return xmlrpc::Value("RW");
    if (type == "vbd_type")
        return xmlrpc::Value("Disk");
    return xmlrpc::Value("");
}

} // namespace

Document::Document(std::string_view text)
{
    read_metadata(text);
    const xmlrpc::Value root = [&] {
        const std::size_t start = text.find("<value"); // behind an <?xml?> prolog
        return xmlrpc::decode_value(text.substr(std::min(start, text.size())));
    }();
    if (const xmlrpc::Value* version = root.find("version"))
        version_ = *version;
    const xmlrpc::Value* objects = root.find("objects");
    if (objects == nullptr || objects->if_array() == nullptr)
        throw Error(Errc::bad_data, "ova.xml: it has no objects");
    for (const xmlrpc::Value& object : *objects->if_array()) {
        const xmlrpc::Value* record = object.find("snapshot");
        if (record == nullptr || record->if_struct() == nullptr)
            throw Error(Errc::bad_data, "ova.xml: an object without a record");
        objects_.push_back({text_of(object, "class"), text_of(object, "id"), *record->if_struct()});
    }
}

void Document::read_metadata(std::string_view text)
{
    try {
        xva::MetadataReader reader;
        reader.feed(text);
        metadata_ = reader.finish();
    } catch (const Error& error) {
        throw error.within("ova.xml");
    }
}

std::vector<Document::Nic> Document::nics() const
{
    std::map<std::string, std::string> names; // of networks, by id
    for (const Object& object : objects_)
        if (object.class_name == "network")
            names[object.id] = text_of(object.record, "name_label");
    std::vector<Nic> all;
    for (const Object& object : objects_) {
        if (object.class_name != "VIF")
            continue;
        const auto network = names.find(text_of(object.record, "network"));
        all.push_back({text_of(object.record, "MAC"),
                       network == names.end() ? std::string() : network->second});
    }
    return all;
}

std::vector<std::string> Document::vm_uuids() const
{
    std::vector<std::string> all;
    for (const Object& object : objects_)
        if (object.class_name == "VM")
            all.push_back(text_of(object.record, "uuid"));
    return all;
}

void Document::rename_network(const std::string& from, const std::string& to)
{
    bool found = false;
    for (Object& object : objects_) {
        if (object.class_name != "network" || text_of(object.record, "name_label") != from)
            continue;
        object.record["name_label"] = xmlrpc::Value(to);
        found = true;
    }
    if (!found)
        throw Error(Errc::not_found,
                    fmt::format("the archive has no network {}", text::quoted(from)));
}

std::size_t Document::complete()
{
    std::size_t count = 0;
    for (Object& object : objects_)
        for (const xva::RequiredField& field : xva::required_fields(object.class_name)) {
            const auto found = object.record.find(field.name);
            if (found != object.record.end() && xva::has_type(found->second, field.type))
                continue;
            object.record.insert_or_assign(std::string(field.name),
                                           harmless(field.name, field.type));
            ++count;
        }
    return count;
}

std::string Document::text() const
{
    xmlrpc::Array objects;
    for (const Object& object : objects_)
        objects.emplace_back(xmlrpc::Struct{{"class", xmlrpc::Value(object.class_name)},
                                            {"id", xmlrpc::Value(object.id)},
                                            {"snapshot", xmlrpc::Value(object.record)}});
    return xmlrpc::encode_value(xmlrpc::Value(
        xmlrpc::Struct{{"version", version_}, {"objects", xmlrpc::Value(std::move(objects))}}));
}

} // namespace xenlab::transfer
