// SPDX-License-Identifier: GPL-3.0-or-later
// The ova.xml of an archive that is about to be imported: what a pool must have for it, and what
// can be changed on the way.
#pragma once

#include <xenlab/io/byte_source.hpp>
#include <xenlab/xmlrpc/value.hpp>
#include <xenlab/xva/metadata.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace xenlab::transfer {

class Document {
  public:
    /// Throws Error{bad_data} for text that is no ova.xml.
    explicit Document(std::string_view text);

    [[nodiscard]] const xva::Metadata& metadata() const noexcept { return metadata_; }

    struct Nic {
        std::string mac, network; ///< name_label of the network, empty if the archive has none
    };
    [[nodiscard]] std::vector<Nic> nics() const;
    [[nodiscard]] std::vector<std::string> vm_uuids() const;

    /// Networks are found by their name when a host imports.
    void rename_network(const std::string& from, const std::string& to);
    /// Puts something harmless where a record lacks a field that an importer demands. Returns how
    /// many fields that were.
    std::size_t complete();

    /// As it is now.
    [[nodiscard]] std::string text() const;

  private:
    void read_metadata(std::string_view text);

    struct Object {
        std::string class_name, id;
        xmlrpc::Struct record;
    };
    xva::Metadata metadata_;
    xmlrpc::Value version_;
    std::vector<Object> objects_;
};

} // namespace xenlab::transfer
