// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/cli/table.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::cli {

Table::Table(Context& context, std::vector<Column> columns, const std::vector<std::string>& shown)
    : context_(context), columns_(std::move(columns))
{
    const bool use_shown =
        context_.shared.fields.empty() && context_.shared.format == Format::table;
    for (const std::string& field : use_shown ? shown : context_.shared.fields) {
        const auto found = std::find_if(columns_.begin(), columns_.end(),
                                        [&](const Column& c) { return c.name == field; });
        if (found == columns_.end())
            throw Error(Errc::usage, fmt::format("there is no field {}", text::quoted(field)));
        chosen_.push_back(static_cast<std::size_t>(found - columns_.begin()));
    }
    if (context_.shared.format == Format::ids)
        choose_id();
    if (chosen_.empty())
        for (std::size_t i = 0; i < columns_.size(); ++i)
            chosen_.push_back(i);
    std::vector<std::string> header;
    for (const std::size_t i : chosen_) {
        std::string name(columns_[i].name);
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
        header.push_back(std::move(name));
    }
    widths_.resize(chosen_.size());
    if (!context_.shared.header || context_.shared.format == Format::ids)
        return;
    if (context_.shared.format == Format::tsv)
        write_row(header, true);
    else
        rows_.push_back(std::move(header));
}

/// The uuid where rows have one, else the first column; --fields may say otherwise.
void Table::choose_id()
{
    if (chosen_.empty()) {
        const auto found = std::find_if(columns_.begin(), columns_.end(),
                                        [](const Column& c) { return c.name == "uuid"; });
        chosen_.push_back(
            found == columns_.end() ? 0 : static_cast<std::size_t>(found - columns_.begin()));
    }
    chosen_.resize(1);
}

void Table::row(std::vector<std::string> cells)
{
    if (context_.shared.format == Format::ids) {
        const std::string& id = cells.at(chosen_.front());
        // With NUL between them, names are passed on as they are.
        context_.out().write(context_.shared.nul ? id + '\0' : text::printable(id) + "\n");
        return;
    }
    std::vector<std::string> chosen;
    for (const std::size_t i : chosen_)
        chosen.push_back(text::printable(cells.at(i)));
    if (context_.shared.format == Format::tsv) {
        write_row(chosen, false);
        return;
    }
    for (std::string& cell : chosen)
        if (cell.empty())
            cell = "-";
    rows_.push_back(std::move(chosen));
}

void Table::write_row(const std::vector<std::string>& cells, bool is_header)
{
    const bool tsv = context_.shared.format == Format::tsv;
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (i > 0)
            line += tsv ? "\t" : "  ";
        const std::size_t width = text::display_width(cells[i]);
        const std::string fill(tsv || width > widths_[i] ? 0 : widths_[i] - width, ' ');
        const bool right = columns_[chosen_[i]].right;
        const bool last = i + 1 == cells.size();
        line += right ? fill + cells[i] : cells[i] + (last ? "" : fill);
    }
    context_.out().write(is_header && !tsv ? context_.colored(line, "1") : line);
    context_.out().write(std::string_view("\n"));
}

void Table::finish()
{
    for (const auto& cells : rows_)
        for (std::size_t i = 0; i < cells.size(); ++i)
            widths_[i] = std::max(widths_[i], text::display_width(cells[i]));
    for (std::size_t i = 0; i < rows_.size(); ++i)
        write_row(rows_[i], i == 0 && context_.shared.header);
    rows_.clear();
    context_.out().flush();
}

} // namespace xenlab::cli
