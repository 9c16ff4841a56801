// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/fs/crash_guard.hpp>
#include <xenlab/fs/filesystem.hpp>
#include <xenlab/io/fd.hpp>
#include <xenlab/registry/hive.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <hivex.h>

#include <sys/mman.h>
#include <sys/stat.h>

namespace xenlab::registry {
namespace {

struct Free {
    void operator()(void* memory) const noexcept { std::free(memory); } // NOLINT: the library's
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

[[noreturn]] void fail(const char* what)
{
    throw Error(Errc::bad_data,
                fmt::format("the registry hive: {}: {}", what, std::strerror(errno)));
}

/// The library opens paths only, and a file in memory has one.
io::Fd memory_file(std::span<const std::byte> bytes)
{
    io::Fd file(::memfd_create("hive", MFD_CLOEXEC));
    if (!file)
        throw system_error(errno, "memory file");
    io::write_all(file.get(), bytes, "memory file");
    return file;
}

std::string path_of(const io::Fd& file)
{
    return fmt::format("/proc/self/fd/{}", file.get());
}

} // namespace

struct Hive::Impl {
    fs::ForeignCode foreign;
    io::Fd file;
    hive_h* hive = nullptr;

    ~Impl()
    {
        if (hive != nullptr)
            hivex_close(hive);
    }
};

Hive::Hive(std::span<const std::byte> bytes, Access access) : impl_(std::make_unique<Impl>())
{
    impl_->file = memory_file(bytes);
    errno = EINVAL;
    impl_->hive =
        hivex_open(path_of(impl_->file).c_str(), access == Access::write ? HIVEX_OPEN_WRITE : 0);
    if (impl_->hive == nullptr)
        fail("cannot be opened");
}

Hive::~Hive() = default;
Hive::Hive(Hive&&) noexcept = default;
Hive& Hive::operator=(Hive&&) noexcept = default;

Key Hive::root() const
{
    const hive_node_h root = hivex_root(impl_->hive);
    if (root == 0)
        fail("has no root");
    return root;
}

std::string Hive::name(Key key) const
{
    const Owned<char> name(hivex_node_name(impl_->hive, key));
    if (!name)
        fail("the name of a key");
    return name.get();
}

std::vector<Key> Hive::children(Key key) const
{
    const Owned<hive_node_h> list(hivex_node_children(impl_->hive, key));
    if (!list)
        fail("the keys below a key");
    std::vector<Key> all;
    for (const hive_node_h* at = list.get(); *at != 0; ++at)
        all.push_back(*at);
    return all;
}

std::optional<Key> Hive::child(Key key, const std::string& wanted) const
{
    for (const Key candidate : children(key))
        if (fs::same_name_folded(name(candidate), wanted))
            return candidate;
    return std::nullopt;
}

std::vector<Value> Hive::values(Key key) const
{
    const Owned<hive_value_h> list(hivex_node_values(impl_->hive, key));
    if (!list)
        fail("the values of a key");
    std::vector<Value> all;
    for (const hive_value_h* at = list.get(); *at != 0; ++at) {
        const Owned<char> name(hivex_value_key(impl_->hive, *at));
        hive_type kind{};
        std::size_t length = 0;
        const Owned<char> data(hivex_value_value(impl_->hive, *at, &kind, &length));
        if (!name || !data)
            fail("a value");
        const auto bytes = std::as_bytes(std::span(data.get(), length));
        all.push_back({.name = name.get(),
                       .type = static_cast<std::uint32_t>(kind),
                       .data = {bytes.begin(), bytes.end()}});
    }
    return all;
}

std::optional<Value> Hive::value(Key key, const std::string& name) const
{
    for (Value& candidate : values(key))
        if (fs::same_name_folded(candidate.name, name))
            return std::move(candidate);
    return std::nullopt;
}

std::optional<Key> Hive::find(Key from, std::string_view path) const
{
    for (const std::string_view part : text::split(path, '\\')) {
        if (part.empty())
            continue;
        const auto next = child(from, std::string(part));
        if (!next)
            return std::nullopt;
        from = *next;
    }
    return from;
}

Key Hive::make(Key from, std::string_view path)
{
    for (const std::string_view part : text::split(path, '\\')) {
        if (part.empty())
            continue;
        if (const auto next = child(from, std::string(part))) {
            from = *next;
            continue;
        }
        if (part.size() > 255)
            throw Error(Errc::usage, "the name of a key is too long");
        from = hivex_node_add_child(impl_->hive, from, std::string(part).c_str());
        if (from == 0)
            fail("cannot make a key");
    }
    return from;
}

void Hive::set(Key key, const Value& value)
{
    Value copy = value;
    // An existing value keeps its spelling.
    if (const auto old = this->value(key, value.name))
        copy.name = old->name;
    const hive_set_value raw{.key = copy.name.data(),
                             .t = static_cast<hive_type>(copy.type),
                             .len = copy.data.size(),
                             .value = reinterpret_cast<char*>(copy.data.data())}; // NOLINT
    if (hivex_node_set_value(impl_->hive, key, &raw, 0) != 0)
        fail("cannot set a value");
}

bool Hive::remove_value(Key key, const std::string& name)
{
    std::vector<Value> rest = values(key);
    const auto gone = std::remove_if(rest.begin(), rest.end(), [&](const Value& v) {
        return fs::same_name_folded(v.name, name);
    });
    if (gone == rest.end())
        return false;
    rest.erase(gone, rest.end());
    std::vector<hive_set_value> raw;
    for (Value& v : rest)
        raw.push_back({.key = v.name.data(),
                       .t = static_cast<hive_type>(v.type),
                       .len = v.data.size(),
                       .value = reinterpret_cast<char*>(v.data.data())}); // NOLINT
    if (hivex_node_set_values(impl_->hive, key, raw.size(), raw.data(), 0) != 0)
        fail("cannot remove a value");
    return true;
}

void Hive::remove_key(Key key)
{
    if (key == root())
        throw Error(Errc::precondition, "the root of a hive cannot be removed");
    if (hivex_node_delete_child(impl_->hive, key) != 0)
        fail("cannot remove a key");
}

std::vector<std::byte> Hive::commit()
{
    const io::Fd file(::memfd_create("hive", MFD_CLOEXEC));
    if (!file)
        throw system_error(errno, "memory file");
    if (hivex_commit(impl_->hive, path_of(file).c_str(), 0) != 0)
        fail("cannot be written");
    struct stat info {};
    if (::fstat(file.get(), &info) != 0)
        throw system_error(errno, "memory file");
    std::vector<std::byte> bytes(static_cast<std::size_t>(info.st_size));
    if (io::pread_full(file.get(), 0, bytes, "memory file") != bytes.size())
        throw Error(Errc::failed, "the registry hive could not be written");
    return bytes;
}

} // namespace xenlab::registry
