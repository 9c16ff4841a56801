// SPDX-License-Identifier: GPL-3.0-or-later
// An XVA written in the dialect that a host imports: V7 headers, ova.xml first, disks in the string
// order of their references, chunks of 1 MiB of which zero ones are left out but for the first and
// the last, the last as short as the disk ends, a checksum behind each, two zero blocks at the end
// and no padding (xen-api ocaml/xapi/export.ml, stream_vdi.ml).
#pragma once

#include <xenlab/block/disk_sink.hpp>
#include <xenlab/io/byte_sink.hpp>
#include <xenlab/io/hash.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::xva {

/// A VM to be described by make_ova_xml().
struct NewVm {
    std::string name; ///< any text
    std::uint64_t memory = std::uint64_t{1} << 30U;
    unsigned vcpus = 1;
    bool uefi = false;
    struct Disk {
        std::string name;
        std::uint64_t size = 0; ///< bytes
    };
    std::vector<Disk> disks; ///< at most 255; they become devices 0, 1… of the VM
};

/// A document with every record field that a host's importer wants (required_fields()). The
/// references of the disks are in string order, so that disk N of the archive is disks[N]. Ids are
/// random.
std::string make_ova_xml(const NewVm& vm);

struct PackDisk {
    std::string ref;
    block::BlockDevice* device = nullptr;
};

/// Writes the archive; does not finish `out`. The disks must be those that ova_xml describes, in
/// string order of their references; they are read without their holes. `options.progress` counts
/// the bytes of all disks together.
void pack(std::string_view ova_xml, std::span<const PackDisk> disks, io::HashKind checksum,
          io::ByteSink& out, const block::CopyOptions& options = {});

} // namespace xenlab::xva
