// SPDX-License-Identifier: GPL-3.0-or-later
// The names of an XVA's entries. xen-api ocaml/xapi/stream_vdi.ml: chunks are "PREFIX/NUMBER" with
// the number as %08d, each followed by "PREFIX/NUMBER.xxhash" or "PREFIX/NUMBER.checksum"; the
// prefix is the VDI's id in ova.xml, "Ref:" and a number as a rule, and must be compared as a
// string. A tar export of one VDI (/export_raw_vdi?format=tar) uses the prefix "vdi" and has no
// ova.xml.
#pragma once

#include <xenlab/io/hash.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace xenlab::xva {

enum class MemberKind {
    metadata,  ///< ova.xml
    chunk,     ///< data of a disk
    checksum,  ///< of the chunk in front of it
    table,     ///< checksum.xml, the final table of export_vsn 0 and 1
    directory, ///< "Ref:2/": people repack archives with GNU tar
    foreign    ///< nothing that belongs into an XVA
};

struct Member {
    MemberKind kind = MemberKind::foreign;
    std::string prefix; ///< chunk, checksum
    std::string digits; ///< the number as text: order is string order
    std::uint64_t number = 0;
    io::HashKind hash = io::HashKind::xxh64; ///< checksum
    bool dotted = false; ///< the name had a leading "./": a host does not accept that
};

/// Classifies an entry name. Takes any bytes.
Member parse_member(std::string_view name, char tar_type = '0');

} // namespace xenlab::xva
