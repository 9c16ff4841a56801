// SPDX-License-Identifier: GPL-3.0-or-later
#include "listing.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

namespace xvm {

using nlohmann::ordered_json;

const std::vector<cli::Format> row_formats{cli::Format::table, cli::Format::tsv, cli::Format::json,
                                           cli::Format::jsonl};
const std::vector<cli::Format> list_formats{cli::Format::table, cli::Format::tsv, cli::Format::json,
                                            cli::Format::jsonl, cli::Format::ids};

class Listing::Impl {
  public:
    cli::Context& context;
    std::string schema;
    std::optional<cli::Table> table;
    ordered_json items = ordered_json::array();
};

Listing::Listing(cli::Context& context, std::string_view schema,
                 const std::vector<std::string_view>& columns,
                 const std::vector<std::string>& shown, const std::vector<std::string_view>& right)
    : impl_(new Impl{.context = context, .schema = std::string(schema), .table = {}})
{
    if (context.shared.format == cli::Format::json || context.shared.format == cli::Format::jsonl)
        return;
    std::vector<cli::Column> shape;
    for (const std::string_view name : columns)
        shape.push_back({name, std::find(right.begin(), right.end(), name) != right.end()});
    impl_->table.emplace(context, shape, shown);
}

Listing::~Listing() = default;

void Listing::add(std::vector<std::string> cells, ordered_json item)
{
    if (impl_->table)
        impl_->table->row(std::move(cells));
    else if (impl_->context.shared.format == cli::Format::jsonl)
        impl_->context.write_json(item);
    else
        impl_->items.push_back(std::move(item));
}

void Listing::finish()
{
    if (impl_->table)
        impl_->table->finish();
    else if (impl_->context.shared.format == cli::Format::json)
        impl_->context.write_json({{"schema", impl_->schema}, {"items", impl_->items}});
}

} // namespace xvm
