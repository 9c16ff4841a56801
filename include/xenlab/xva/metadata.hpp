// SPDX-License-Identifier: GPL-3.0-or-later
// ova.xml: an XML-RPC struct {version, objects: [{class, id, snapshot}, …]}, where `snapshot` is
// the object's XAPI record with references rewritten to "Ref:N" (xen-api ocaml/xapi/export.ml,
// import.ml).
#pragma once

#include <xenlab/xmlrpc/value.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::xva {

/// A VDI whose data the archive holds (or should hold), in the order of the stream.
struct Disk {
    std::string ref; ///< "Ref:2": also the prefix of its chunks
    std::string uuid;
    std::string name;               ///< name_label
    std::uint64_t virtual_size = 0; ///< bytes
    bool size_known = true;         ///< false: a tar export of one VDI, which does not say its size
    std::string type;               ///< "user", "system", "suspend"…
    std::string vm;                 ///< name_label of the VM it is attached to
    std::string userdevice;         ///< "0", "1"…; empty for a suspend image
    bool bootable = false;
};

/// A record field that a host's importer wants and does not find, or cannot read.
struct MissingField {
    std::string class_name; ///< "VM", "VDI"…
    std::string id;         ///< "Ref:2"
    std::string field;      ///< "physical_utilisation"
    bool wrong_type = false;
};

struct Metadata {
    std::map<std::string, std::string> version; ///< product_version, xapi_major, export_vsn…
    std::vector<std::string> vms;               ///< name_labels
    std::vector<Disk> disks;
    std::vector<MissingField> missing_fields; ///< the first 100
    std::uint64_t objects = 0;

    /// 0 when absent: 0 Rio beta (checksums only in a final table), 1 Rio (both), 2 Miami and
    /// later.
    [[nodiscard]] int export_version() const;
    [[nodiscard]] std::uint64_t total_virtual_size() const; ///< saturates
};

/// Builds Metadata from the text of ova.xml as it comes. Keeps only what Metadata holds.
/// Throws Error{bad_data}, also for more than 65,536 disks or 16 MiB of names.
class MetadataReader {
  public:
    MetadataReader();
    ~MetadataReader();
    MetadataReader(const MetadataReader&) = delete;
    MetadataReader& operator=(const MetadataReader&) = delete;

    void feed(std::string_view text);
    Metadata finish();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// The fields that xapi's importer cannot do without (measured against a running xapi 23.1), with
/// their types as in the XenAPI documentation. Unknown classes have none.
struct RequiredField {
    std::string_view name;
    std::string_view type;
};
const std::vector<RequiredField>& required_fields(std::string_view class_name);

/// Whether the value has the shape of the XenAPI type ("int64", "bool", "string_set", "ref_VM"…).
bool has_type(const xmlrpc::Value& value, std::string_view type);

} // namespace xenlab::xva
