// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of a batch in every format, and the exit code that follows from them.
#pragma once

#include "batch.hpp"

#include <memory>

namespace xvm {

struct TimedRow {
    Row row;
    double seconds = 0;
    bool interrupted = false;
};

class RowWriter {
  public:
    RowWriter(cli::Context& context, std::string_view schema);
    ~RowWriter();
    RowWriter(const RowWriter&) = delete;
    RowWriter& operator=(const RowWriter&) = delete;

    void row(const Item& item, const TimedRow& timed);
    void finish();
    [[nodiscard]] int exit_code() const noexcept;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace xvm
