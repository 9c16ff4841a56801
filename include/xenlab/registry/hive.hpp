// SPDX-License-Identifier: GPL-3.0-or-later
// A registry hive of Windows in memory, by libhivex.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::registry {

/// Types of values, as Windows numbers them; others may appear.
namespace type {
constexpr std::uint32_t none = 0, sz = 1, expand_sz = 2, binary = 3, dword = 4,
                        dword_big_endian = 5, link = 6, multi_sz = 7, qword = 11;
}

struct Value {
    std::string name; ///< UTF-8; empty: the default value
    std::uint32_t type = type::none;
    std::vector<std::byte> data; ///< as stored
    bool operator==(const Value&) const = default;
};

using Key = std::size_t; ///< of one hive; valid until that hive changes

/// One thread at a time. Throws Error: bad_data for damage, not_found, failed.
class Hive {
  public:
    enum class Access { read, write };
    /// A clean hive (see hive_log.hpp).
    Hive(std::span<const std::byte> bytes, Access access);
    ~Hive();
    Hive(Hive&&) noexcept;
    Hive& operator=(Hive&&) noexcept;

    [[nodiscard]] Key root() const;
    [[nodiscard]] std::string name(Key key) const;
    /// Without regard to case, as Windows compares.
    [[nodiscard]] std::optional<Key> child(Key key, const std::string& name) const;
    [[nodiscard]] std::vector<Key> children(Key key) const;
    [[nodiscard]] std::vector<Value> values(Key key) const;
    [[nodiscard]] std::optional<Value> value(Key key, const std::string& name) const;
    /// "A\B\C" below `from`.
    [[nodiscard]] std::optional<Key> find(Key from, std::string_view path) const;

    /// Makes what is missing of a path. Keys found before are no longer valid after a change.
    Key make(Key from, std::string_view path);
    void set(Key key, const Value& value);
    /// False when it was not there.
    bool remove_value(Key key, const std::string& name);
    void remove_key(Key key);

    /// The changed hive.
    std::vector<std::byte> commit();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace xenlab::registry
