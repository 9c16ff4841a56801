// SPDX-License-Identifier: GPL-3.0-or-later
// xvm sr chains: how many images each disk is made of, and what the storage manager still has to
// merge. A VHD whose parent is P has sm_config vhd-parent = P's uuid; nodes inside a chain are
// managed = false (sm: vhdutil, cleanup.py). A chain of 30 is the most (sm: MAX_CHAIN_SIZE).
#include "listing.hpp"
#include "pool_view.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

namespace xvm {
namespace {

using nlohmann::ordered_json;

constexpr int longest_chain = 30;
constexpr std::chrono::seconds look_again{5};

struct Options {
    std::vector<std::string> srs;
    bool wait = false;
    int most = 0;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("SR", o.srs, "SRs: name, uuid, start of a uuid, 'glob*' (default: all)")
        .type_name("SR");
    set.add_flag("--wait", o.wait, "Wait until nothing is left to merge (see --timeout)");
    set.add_option("--most", o.most, "Exit 6 when a chain is longer than this")
        .type_name("N")
        .range(1, longest_chain);
}

const std::vector<std::string_view> columns{"sr",   "name",  "vm",    "length", "size",
                                            "used", "merge", "chain", "uuid"};

struct Chain {
    std::string sr;
    const xapi::Vdi* leaf;
    std::vector<const xapi::Vdi*> nodes; ///< leaf first
    std::int64_t used = 0;
    std::size_t to_merge = 0; ///< hidden nodes with one child, which the garbage collector merges
    bool circle = false;
};

class Chains {
  public:
    explicit Chains(PoolView& view);
    std::vector<Chain> of(const xapi::Object<xapi::Sr>& sr);

  private:
    PoolView& view_;
    std::map<std::string, const xapi::Vdi*> by_uuid_;
    std::map<std::string, std::size_t> children_; ///< of a uuid
};

Chains::Chains(PoolView& view) : view_(view)
{
    for (const auto& vdi : view.all<xapi::Vdi>()) {
        by_uuid_.emplace(vdi.record.uuid, &vdi.record);
        if (const auto parent = value_of(vdi.record.sm_config, "vhd-parent"); !parent.empty())
            ++children_[parent];
    }
}

std::vector<Chain> Chains::of(const xapi::Object<xapi::Sr>& sr)
{
    std::vector<Chain> all;
    for (const auto& ref : sr.record.VDIs) {
        const xapi::Vdi* leaf = view_.find(ref);
        if (leaf == nullptr || !leaf->managed)
            continue;
        Chain chain{.sr = sr.record.name_label, .leaf = leaf, .nodes = {}};
        std::set<const xapi::Vdi*> seen;
        const xapi::Vdi* node = leaf;
        while (node != nullptr && seen.insert(node).second) {
            chain.nodes.push_back(node);
            chain.used += node->physical_utilisation;
            if (!node->managed && children_[node->uuid] == 1)
                ++chain.to_merge;
            const auto parent = by_uuid_.find(value_of(node->sm_config, "vhd-parent"));
            node = parent == by_uuid_.end() ? nullptr : parent->second;
        }
        chain.circle = node != nullptr;
        all.push_back(std::move(chain));
    }
    std::sort(all.begin(), all.end(), [](const Chain& a, const Chain& b) {
        return std::make_tuple(b.nodes.size(), a.leaf->name_label, a.leaf->uuid) <
               std::make_tuple(a.nodes.size(), b.leaf->name_label, b.leaf->uuid);
    });
    return all;
}

std::string users(PoolView& view, const xapi::Vdi& vdi)
{
    std::vector<std::string> names;
    for (const auto& ref : vdi.VBDs)
        if (const xapi::Vbd* vbd = view.find(ref))
            names.push_back(view.name(vbd->VM));
    return fmt::format("{}", fmt::join(names, ","));
}

std::vector<Chain> look(PoolView& view, const Options& o, const cli::Context& context)
{
    std::vector<const xapi::Object<xapi::Sr>*> srs;
    if (o.srs.empty())
        for (const auto& sr : view.all<xapi::Sr>())
            srs.push_back(&sr);
    else
        srs = pick<xapi::Sr>(view, "SR", o.srs, context.stop);
    Chains chains(view);
    std::vector<Chain> all;
    for (const auto* sr : srs)
        if (sr->record.content_type != "iso")
            for (Chain& chain : chains.of(*sr))
                all.push_back(std::move(chain));
    return all;
}

std::size_t left(const std::vector<Chain>& chains)
{
    std::size_t sum = 0;
    for (const Chain& chain : chains)
        sum += chain.to_merge;
    return sum;
}

/// Asks again until everything is merged. The garbage collector runs by itself after a scan.
std::vector<Chain> wait_for_merge(PoolView& view, const Options& o, cli::Context& context)
{
    const auto limit =
        context.shared.timeout.count() > 0 ? context.shared.timeout : std::chrono::minutes(30);
    const auto deadline = transport::deadline_in(limit);
    std::size_t seen = 0;
    std::mutex mutex;
    std::condition_variable_any never;
    while (true) {
        std::vector<Chain> chains = look(view, o, context);
        const std::size_t merges = left(chains);
        if (merges == 0)
            return chains;
        if (merges != seen)
            context.note(
                fmt::format("waiting for {} image{} to be merged", merges, merges == 1 ? "" : "s"));
        seen = merges;
        const auto next = std::chrono::steady_clock::now() + look_again;
        if (next >= deadline)
            throw Error(Errc::timeout, fmt::format("{} images are still to be merged", merges),
                        "the garbage collector of the SR may be stuck: /var/log/SMlog on its host");
        std::unique_lock lock(mutex);
        never.wait_until(lock, context.stop, next, [] { return false; });
        if (context.stop.stop_requested())
            throw Error(Errc::interrupted, "interrupted");
        view.forget();
    }
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    PoolView view(pools.single());
    const auto chains = o.wait ? wait_for_merge(view, o, context) : look(view, o, context);
    Listing list(context, "xvm.sr.chains/1", columns,
                 {"sr", "name", "vm", "length", "size", "used", "merge"},
                 {"length", "size", "used", "merge"});
    std::size_t longest = 0;
    for (const Chain& chain : chains) {
        std::vector<std::string> uuids;
        for (const xapi::Vdi* node : chain.nodes)
            uuids.push_back(node->uuid);
        longest = std::max(longest, chain.nodes.size());
        const std::string vm = users(view, *chain.leaf);
        ordered_json item{{"sr", chain.sr},
                          {"name", chain.leaf->name_label},
                          {"uuid", chain.leaf->uuid},
                          {"vm", vm},
                          {"length", chain.nodes.size()},
                          {"size", chain.leaf->virtual_size},
                          {"used", chain.used},
                          {"to_merge", chain.to_merge},
                          {"chain", uuids}};
        list.add({chain.sr, chain.leaf->name_label, vm, fmt::format("{}", chain.nodes.size()),
                  size_cell(context, chain.leaf->virtual_size), size_cell(context, chain.used),
                  fmt::format("{}", chain.to_merge), fmt::format("{}", fmt::join(uuids, " ")),
                  chain.leaf->uuid},
                 std::move(item));
        if (chain.circle)
            context.warning(fmt::format("the chain of {} leads back to itself", chain.leaf->uuid));
        else if (chain.nodes.size() + 2 >= longest_chain)
            context.warning(fmt::format("{} has {} images: snapshots will fail at {}",
                                        text::quoted(chain.leaf->name_label), chain.nodes.size(),
                                        longest_chain));
    }
    list.finish();
    return o.most > 0 && longest > static_cast<std::size_t>(o.most) ? exit_code(Errc::precondition)
                                                                    : 0;
}

} // namespace

Verb sr_chains_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "sr chains",
         .summary = "show how many images each disk is made of",
         .schema = "xvm.sr.chains/1",
         .formats = list_formats,
         .columns = columns,
         .timeout_option = true,
         .examples = {{"xvm sr chains", "The longest chains first"}},
         .completes = {"SR", "CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm
