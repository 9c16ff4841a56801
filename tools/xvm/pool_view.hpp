// SPDX-License-Identifier: GPL-3.0-or-later
// The records of a pool, all of a class at once and only when they are needed.
#pragma once

#include "xvm.hpp"

#include <xenlab/xapi/records.hpp>

#include <mutex>
#include <span>
#include <tuple>
#include <unordered_map>

namespace xvm {

/// One request a class, made by the first question. Thread-safe, except for forget().
class PoolView {
  public:
    explicit PoolView(lab::Pool& pool) : pool_(pool) {}
    ~PoolView() = default;
    PoolView(const PoolView&) = delete;
    PoolView& operator=(const PoolView&) = delete;

    [[nodiscard]] lab::Pool& pool() const noexcept { return pool_; }

    template <typename T>
    const std::vector<xapi::Object<T>>& all()
    {
        return table<T>().all;
    }
    /// The record, or nullptr for a reference that leads nowhere.
    template <typename T>
    const T* find(const xapi::Ref<T>& ref)
    {
        const Table<T>& known = table<T>();
        const auto found = known.by_ref.find(ref.str());
        return found == known.by_ref.end() ? nullptr : &known.all[found->second].record;
    }
    /// Its name_label, or what stands for an object that is gone.
    template <typename T>
    std::string name(const xapi::Ref<T>& ref)
    {
        const T* record = find(ref);
        return record == nullptr ? "(gone)" : record->name_label;
    }
    /// Asks anew next time.
    void forget() { tables_ = {}; }

  private:
    template <typename T>
    struct Table {
        bool loaded = false;
        std::vector<xapi::Object<T>> all;
        std::unordered_map<std::string, std::size_t> by_ref;
    };
    template <typename T>
    Table<T>& table()
    {
        auto& wanted = std::get<Table<T>>(tables_);
        const std::lock_guard lock(mutex_);
        if (!wanted.loaded) {
            wanted.all = pool_.session().get_all<T>();
            for (std::size_t i = 0; i < wanted.all.size(); ++i)
                wanted.by_ref.emplace(wanted.all[i].ref.str(), i);
            wanted.loaded = true;
        }
        return wanted;
    }

    lab::Pool& pool_;
    std::mutex mutex_; ///< held while a table is filled; a full one is only read
    std::tuple<Table<xapi::Vm>, Table<xapi::Host>, Table<xapi::Vbd>, Table<xapi::Vif>,
               Table<xapi::Vdi>, Table<xapi::Sr>, Table<xapi::Pbd>, Table<xapi::Network>,
               Table<xapi::Task>, Table<xapi::Pool>>
        tables_;
};

/// What a word on the command line may mean.
struct Known {
    std::string_view name, uuid;
};

/// Those that `word` means, as indices: a whole name, a uuid, the start of one (8 characters or
/// more), a glob. `kind` is for messages ("SR"). Throws Error{not_found} with a near miss,
/// Error{ambiguous} with the uuids when a plain word fits several.
std::vector<std::size_t> match(std::string_view kind, std::span<const Known> all,
                               const std::string& word);

/// match() for each word ("-" and "@FILE" are lists), each object once, in the order asked for.
std::vector<std::size_t> match_all(std::string_view kind, std::span<const Known> all,
                                   const std::vector<std::string>& words,
                                   const std::stop_token& stop);

template <typename T>
std::vector<Known> known(const std::vector<xapi::Object<T>>& all)
{
    std::vector<Known> names;
    for (const auto& object : all)
        names.push_back({object.record.name_label, object.record.uuid});
    return names;
}

/// The one object that a word means. Pointers live until forget().
template <typename T>
const xapi::Object<T>& pick_one(PoolView& view, std::string_view kind, const std::string& word)
{
    const auto& all = view.all<T>();
    const auto found = match(kind, known(all), word);
    if (found.size() != 1)
        throw Error(Errc::ambiguous, "several objects match " + word, "name one");
    return all[found.front()];
}

template <typename T>
std::vector<const xapi::Object<T>*> pick(PoolView& view, std::string_view kind,
                                         const std::vector<std::string>& words,
                                         const std::stop_token& stop)
{
    const auto& all = view.all<T>();
    std::vector<const xapi::Object<T>*> picked;
    for (const std::size_t index : match_all(kind, known(all), words, stop))
        picked.push_back(&all[index]);
    return picked;
}

/// VDIs are often named alike: also "VM/DEVICE" ("web1/0", "web1/xvdb").
std::vector<const xapi::Object<xapi::Vdi>*>
pick_vdis(PoolView& view, const std::vector<std::string>& words, const std::stop_token& stop);

/// Words of a map, or "" without them.
std::string value_of(const xapi::StringMap& map, std::string_view key);
/// "1.5 GiB" for people, bytes for programs.
std::string size_cell(const cli::Context& context, std::int64_t bytes);
/// "3m12s" since a time of xapi ("20261122T15:11:47Z"); "" when it is none.
std::string age_of(std::string_view xapi_time);
/// The time in seconds since 1970.
std::optional<std::int64_t> unix_time(std::string_view xapi_time);
/// "20261122T15:11:47Z" -> "2026-11-22T15:11:47Z"; "" for 1970, xapi's way to say "never".
std::string rfc3339(std::string_view xapi_time);

} // namespace xvm
