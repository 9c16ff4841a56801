// SPDX-License-Identifier: GPL-3.0-or-later
// Rows for people (aligned columns) and for pipes (tab-separated).
#pragma once

#include <xenlab/cli/context.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace xenlab::cli {

struct Column {
    std::string_view name; ///< lower case, as in --fields; upper case in the header
    bool right = false;    ///< align to the right
};

/// Format ids prints one column only: that of --fields, or "uuid", or the first.
/// Cells are foreign text: they are escaped here, so that a row stays a row. In TSV an empty cell
/// stays empty; in a table it shows as "-".
class Table {
  public:
    /// `shown`: the columns of a table for people when there is no --fields; empty for all. Throws
    /// Error{usage} when --fields names a column that does not exist.
    Table(Context& context, std::vector<Column> columns,
          const std::vector<std::string>& shown = {});
    void row(std::vector<std::string> cells);
    /// Writes and flushes a table at once; TSV rows have been written as they came.
    void finish();

  private:
    void choose_id();
    void write_row(const std::vector<std::string>& cells, bool is_header);

    Context& context_;
    std::vector<Column> columns_;
    std::vector<std::size_t> chosen_; ///< indices into columns_
    std::vector<std::vector<std::string>> rows_;
    std::vector<std::size_t> widths_;
};

} // namespace xenlab::cli
