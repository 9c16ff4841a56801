// SPDX-License-Identifier: GPL-3.0-or-later
// Cuts one huge XML-RPC struct into its records while the text streams by, so that a pool's
// thousand VMs or a hostile ova.xml never become one tree in memory.
//
// What xapi sends is a struct whose members are scalars, structs or arrays:
//     {Status: "Success", Value: {OpaqueRef:1: {record}, OpaqueRef:2: {record}}} get_all_records
//     {version: {hostname: "…", …}, objects: [{class, id, snapshot}, …]}              ova.xml
// The slicer hands out each value of the second level with the names that lead to it, and scalars
// of the first level.
#pragma once

#include <xenlab/xmlrpc/value.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace xenlab::xmlrpc {

/// Not thread-safe. Throws Error{bad_data} for text that is not well-formed as far as it was looked
/// at, for document type declarations (entity expansion), for one record over `max_record` bytes.
class Slicer {
  public:
    /// `member` is the first-level name, `key` the second-level name ("" in arrays and for
    /// scalars).
    using Callback =
        std::function<void(std::string_view member, std::string_view key, const Value& value)>;

    explicit Slicer(Callback callback, std::size_t max_record = 1U << 20U);
    ~Slicer();
    Slicer(const Slicer&) = delete;
    Slicer& operator=(const Slicer&) = delete;

    /// The next piece of text, cut anywhere.
    void feed(std::string_view text);

    /// Call after the last piece: throws when the document is not complete.
    void finish();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace xenlab::xmlrpc
