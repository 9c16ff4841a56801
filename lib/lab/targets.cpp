// SPDX-License-Identifier: GPL-3.0-or-later
#include "selector.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/lab/names.hpp>
#include <xenlab/lab/targets.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace xenlab::lab {
namespace {

using xapi::Object;
using xapi::Vm;

constexpr std::size_t most_exact = 20;   // more words: fetch all VMs rather than a long question
constexpr std::size_t shortest_uuid = 8; // of a uuid prefix

constexpr std::string_view only_vms =
    "field \"is_control_domain\" = \"false\" and field \"is_a_template\" = \"false\" and "
    "field \"is_a_snapshot\" = \"false\"";

bool is_uuid_prefix(std::string_view word)
{
    return word.size() >= shortest_uuid && std::all_of(word.begin(), word.end(), [](char c) {
               return c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

/// Words that can stand in xapi's query language without quoting rules that nobody wrote down.
bool can_be_asked_for(std::string_view word)
{
    return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-' || c == '_' || c == '.' || c == ' ';
    });
}

/// Temporary VMs of XenCenter and old transfer VMs: not meant by globs and --all.
bool hidden(const Vm& vm)
{
    const auto hide = vm.other_config.find("HideFromXenCenter");
    return (hide != vm.other_config.end() && hide->second == "true") ||
           vm.name_label.starts_with("__gui__");
}

/// The VMs of one pool, as far as they are needed.
class Inventory {
  public:
    explicit Inventory(Pool& pool) : pool_(pool) {}

    void want(const std::string& word) { words_.push_back(word); }
    void want_all() { all_ = true; }
    void load();
    /// Everything, whatever was wanted.
    void load_all();
    [[nodiscard]] bool complete() const noexcept { return complete_; }
    [[nodiscard]] const std::vector<Object<Vm>>& vms() const noexcept { return vms_; }
    [[nodiscard]] Pool& pool() const noexcept { return pool_; }

  private:
    Pool& pool_;
    std::vector<std::string> words_;
    bool all_ = false;
    bool complete_ = false;
    std::vector<Object<Vm>> vms_;
};

void Inventory::load()
{
    const bool exact = !all_ && words_.size() <= most_exact &&
                       std::all_of(words_.begin(), words_.end(),
                                   [](const std::string& word) { return can_be_asked_for(word); });
    if (!exact) {
        load_all();
        return;
    }
    if (words_.empty())
        return;
    std::string any;
    for (const std::string& word : words_)
        any += fmt::format("{}field \"{}\" = \"{}\"", any.empty() ? "" : " or ",
                           is_uuid(word) ? "uuid" : "name__label",
                           is_uuid(word) ? text::to_lower(word) : word);
    vms_ = pool_.session().get_all<Vm>(fmt::format("{} and ({})", only_vms, any));
}

void Inventory::load_all()
{
    if (complete_)
        return;
    vms_ = pool_.session().get_all<Vm>(only_vms);
    complete_ = true;
    std::sort(vms_.begin(), vms_.end(), [](const auto& a, const auto& b) {
        return std::tie(a.record.name_label, a.record.uuid) <
               std::tie(b.record.name_label, b.record.uuid);
    });
    std::vector<KnownName> names;
    for (const auto& vm : vms_)
        names.push_back({.class_name = "VM",
                         .name = vm.record.name_label,
                         .uuid = vm.record.uuid,
                         .words = text::to_lower(vm.record.power_state)});
    remember_names(pool_.names_file(), "VM", names);
}

struct Found {
    Inventory* where;
    const Object<Vm>* vm;
};

class Resolver {
  public:
    Resolver(Pools& pools, const TargetOptions& options, Many many, const std::stop_token& stop);
    Resolved run();

  private:
    struct Word {
        std::string text;              ///< without the context
        std::string asked;             ///< with it
        std::vector<Inventory*> pools; ///< where to look
        bool many = false;             ///< a glob that is no VM's whole name
    };
    Inventory& inventory(Pool& pool);
    Word word_of(const std::string& asked);
    [[nodiscard]] std::vector<Found> find(const Word& word) const;
    std::vector<Found> find_or_load(Word& word);
    [[nodiscard]] Error missing(const Word& word) const;
    [[nodiscard]] Error several(const Word& word, const std::vector<Found>& found) const;
    void add(const Found& found, const std::string& asked);
    void add_all();

    Pools& pools_;
    const std::vector<std::string> words_;
    const Selector selector_;
    const bool everything_;
    std::map<Pool*, std::unique_ptr<Inventory>> inventories_;
    std::vector<Pool*> chosen_;
    bool with_pool_ = false;
    std::set<std::string> taken_;
    Resolved resolved_;
};

Resolver::Resolver(Pools& pools, const TargetOptions& options, Many many,
                   const std::stop_token& stop)
    : pools_(pools), words_(expand_lists(options.words, stop)), selector_(options.filters),
      // An empty list on standard input means nothing, not everything.
      everything_(options.words.empty() && (options.all || !selector_.empty() || many == Many::any))
{
    if (words_.empty() && !everything_ && options.words.empty())
        throw Error(Errc::usage, "no VM is named",
                    many == Many::some ? "name VMs, or give -l or --all" : "name a VM");
    if (options.all && !options.words.empty())
        throw Error(Errc::usage, "--all and names exclude each other");
}

Inventory& Resolver::inventory(Pool& pool)
{
    auto& slot = inventories_[&pool];
    if (!slot)
        slot = std::make_unique<Inventory>(pool);
    return *slot;
}

Resolver::Word Resolver::word_of(const std::string& asked)
{
    Word word{.text = asked, .asked = asked, .pools = {}};
    const std::size_t slash = asked.find('/');
    if (slash != std::string::npos && pools_.knows(asked.substr(0, slash))) {
        word.text = asked.substr(slash + 1);
        word.pools = {&inventory(pools_.named(asked.substr(0, slash)))};
    } else {
        if (chosen_.empty())
            chosen_ = pools_.chosen();
        for (Pool* pool : chosen_)
            word.pools.push_back(&inventory(*pool));
    }
    for (Inventory* where : word.pools) {
        if (has_glob(word.text))
            where->want_all();
        where->want(word.text);
    }
    return word;
}

std::vector<Found> Resolver::find(const Word& word) const
{
    std::vector<Found> named;
    std::vector<Found> by_uuid;
    std::vector<Found> by_glob;
    const std::string lower = text::to_lower(word.text);
    for (Inventory* where : word.pools)
        for (const auto& vm : where->vms()) {
            if (vm.record.name_label == word.text)
                named.push_back({where, &vm});
            else if (is_uuid_prefix(lower) && vm.record.uuid.starts_with(lower))
                by_uuid.push_back({where, &vm});
            else if (has_glob(word.text) && !hidden(vm.record) &&
                     glob_match(word.text, vm.record.name_label))
                by_glob.push_back({where, &vm});
        }
    return !named.empty() ? named : !by_uuid.empty() ? by_uuid : by_glob;
}

std::vector<Found> Resolver::find_or_load(Word& word)
{
    std::vector<Found> found = find(word);
    const bool complete = std::all_of(word.pools.begin(), word.pools.end(),
                                      [](const Inventory* where) { return where->complete(); });
    if (found.empty() && !complete) {
        // Perhaps the start of a uuid; else the names are needed to say which was meant.
        for (Inventory* where : word.pools)
            where->load_all();
        found = find(word);
    }
    word.many =
        has_glob(word.text) && !found.empty() && found.front().vm->record.name_label != word.text;
    return found;
}

Error Resolver::missing(const Word& word) const
{
    if (has_glob(word.text))
        return {Errc::not_found, fmt::format("no VM matches {}", text::quoted(word.asked))};
    std::vector<std::string> names;
    for (const Inventory* where : word.pools)
        for (const auto& vm : where->vms())
            names.push_back(vm.record.name_label);
    const auto near = text::nearest(word.text, names);
    return {Errc::not_found, fmt::format("there is no VM {}", text::quoted(word.asked)),
            near ? fmt::format("did you mean {}?", text::printable(*near)) : std::string()};
}

Error Resolver::several(const Word& word, const std::vector<Found>& found) const
{
    std::string uuids;
    for (const Found& one : found)
        uuids += fmt::format("{}{}{} ({})", uuids.empty() ? "" : ", ",
                             with_pool_ ? text::printable(one.where->pool().name()) + "/" : "",
                             one.vm->record.uuid, text::to_lower(one.vm->record.power_state));
    return {Errc::ambiguous, fmt::format("{} is ambiguous: {}", text::quoted(word.asked), uuids),
            "use the uuid"};
}

void Resolver::add(const Found& found, const std::string& asked)
{
    Pool& pool = found.where->pool();
    if (!selector_.matches(found.vm->record, pool) || !taken_.insert(found.vm->record.uuid).second)
        return;
    resolved_.vms.push_back({.pool = &pool,
                             .ref = found.vm->ref,
                             .record = found.vm->record,
                             .asked = asked,
                             .with_pool = with_pool_});
}

void Resolver::add_all()
{
    chosen_ = pools_.chosen();
    with_pool_ = chosen_.size() > 1;
    for (Pool* pool : chosen_) {
        Inventory& where = inventory(*pool);
        where.load_all();
        for (const auto& vm : where.vms())
            if (!hidden(vm.record))
                add({&where, &vm}, vm.record.name_label);
    }
}

Resolved Resolver::run()
{
    if (everything_) {
        add_all();
        return std::move(resolved_);
    }
    std::vector<Word> words;
    for (const std::string& word : words_)
        words.push_back(word_of(word));
    with_pool_ = inventories_.size() > 1;
    for (auto& [pool, where] : inventories_)
        where->load();
    std::vector<std::vector<Found>> all;
    for (Word& word : words) {
        // Loading more invalidates what was found before, so all words are looked up again below.
        find_or_load(word);
    }
    for (Word& word : words)
        all.push_back(find_or_load(word));
    for (std::size_t i = 0; i < words.size(); ++i)
        if (all[i].size() > 1 && !words[i].many)
            throw several(words[i], all[i]);
    for (std::size_t i = 0; i < words.size(); ++i) {
        for (const Found& found : all[i])
            add(found, words[i].asked);
        if (!all[i].empty())
            continue;
        if (words.size() == 1)
            throw missing(words[i]);
        resolved_.failed.emplace_back(resolved_.vms.size(),
                                      Unresolved{words[i].asked, missing(words[i])});
    }
    return std::move(resolved_);
}

} // namespace

std::string VmTarget::label() const
{
    return with_pool ? pool->name() + "/" + record.name_label : record.name_label;
}

Resolved resolve(Pools& pools, const TargetOptions& options, Many many, const std::stop_token& stop)
{
    return Resolver(pools, options, many, stop).run();
}

std::vector<VmTarget> resolve_vms(Pools& pools, const TargetOptions& options)
{
    Resolved resolved = resolve(pools, options, Many::some, pools.stop());
    if (!resolved.failed.empty())
        throw resolved.failed.front().second.error;
    return std::move(resolved.vms);
}

VmTarget resolve_vm(Pools& pools, const std::string& word)
{
    TargetOptions options;
    options.words = {word};
    std::vector<VmTarget> vms = resolve(pools, options, Many::one, pools.stop()).vms;
    if (vms.size() != 1)
        throw Error(Errc::ambiguous,
                    fmt::format("{} is not one VM but {}", text::quoted(word), vms.size()));
    return std::move(vms.front());
}

} // namespace xenlab::lab
