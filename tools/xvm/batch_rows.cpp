// SPDX-License-Identifier: GPL-3.0-or-later
#include "batch_rows.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/table.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

namespace xvm {

using nlohmann::ordered_json;
using Status = Row::Status;

Row ok(std::string message)
{
    return {.status = Status::ok, .message = std::move(message)};
}

Row skip(std::string message)
{
    return {.status = Status::skip, .message = std::move(message)};
}

Row failed(const Error& error, xapi::Session* session)
{
    Row row{.status = Status::fail,
            .message = error.what(),
            .code = exit_code(error.code()),
            .hint = error.hint()};
    if (const auto* fault = dynamic_cast<const xapi::Fault*>(&error)) {
        row.xapi = fault->document();
        if (session != nullptr)
            row.message = session->explained(*fault).what();
    }
    return row;
}

const std::vector<std::string_view>& batch_columns()
{
    static const std::vector<std::string_view> columns{"status", "name", "uuid", "seconds",
                                                       "message"};
    return columns;
}

namespace {

std::string_view word_of(Status status)
{
    return status == Status::ok ? "ok" : status == Status::skip ? "skip" : "fail";
}

} // namespace

class RowWriter::Impl {
  public:
    Impl(cli::Context& given, std::string_view name) : context(given), schema(name) {}

    cli::Context& context;
    std::string schema;
    std::optional<cli::Table> table;
    ordered_json items = ordered_json::array();
    std::size_t rows = 0;
    std::size_t failures = 0;
    std::set<int> codes;
    std::vector<std::string> hints; ///< each once
};

RowWriter::RowWriter(cli::Context& context, std::string_view schema)
    : impl_(std::make_unique<Impl>(context, schema))
{
    using cli::Format;
    const Format format = context.shared.format;
    if (format != Format::json && format != Format::jsonl) {
        std::vector<cli::Column> columns;
        for (const std::string_view name : batch_columns())
            columns.push_back({name, name == "seconds"});
        impl_->table.emplace(context, columns,
                             std::vector<std::string>{"status", "name", "seconds", "message"});
    }
}

RowWriter::~RowWriter() = default;

void RowWriter::row(const Item& item, const TimedRow& timed)
{
    const Row& row = timed.row;
    cli::Context& context = impl_->context;
    ++impl_->rows;
    const bool bad = row.status == Status::fail;
    if (bad) {
        ++impl_->failures;
        impl_->codes.insert(row.code);
        if (context.shared.format != cli::Format::table)
            context.error(fmt::format("{}: {}", text::printable(item.name), row.message));
        if (!row.hint.empty() &&
            std::find(impl_->hints.begin(), impl_->hints.end(), row.hint) == impl_->hints.end())
            impl_->hints.push_back(row.hint);
    }
    if (impl_->table) {
        if (context.shared.format != cli::Format::ids || !bad)
            impl_->table->row({std::string(word_of(row.status)), item.name, item.uuid,
                               fmt::format("{:.1f}", timed.seconds), row.message});
        return;
    }
    ordered_json document{{"status", word_of(row.status)},
                          {"name", item.name},
                          {"uuid", item.uuid},
                          {"seconds", std::round(timed.seconds * 1000) / 1000},
                          {"message", row.message},
                          {"code", row.code}};
    if (!row.xapi.empty())
        document["xapi"] = row.xapi;
    if (context.shared.format == cli::Format::jsonl)
        context.write_json(document);
    else
        impl_->items.push_back(std::move(document));
}

void RowWriter::finish()
{
    if (impl_->table)
        impl_->table->finish();
    else if (impl_->context.shared.format == cli::Format::json)
        impl_->context.write_json({{"schema", impl_->schema}, {"items", impl_->items}});
    for (const std::string& hint : impl_->hints)
        impl_->context.note("hint: " + hint);
}

int RowWriter::exit_code() const noexcept
{
    if (impl_->failures == 0)
        return 0;
    if (impl_->failures < impl_->rows)
        return xenlab::exit_code(Errc::partial);
    return impl_->codes.size() == 1 ? *impl_->codes.begin() : xenlab::exit_code(Errc::failed);
}

} // namespace xvm
