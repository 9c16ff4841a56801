// SPDX-License-Identifier: GPL-3.0-or-later
// -l 'power=running,tag=ci,name~lab-*,host!=h2'
#pragma once

#include <xenlab/lab/targets.hpp>

#include <string>
#include <vector>

namespace xenlab::lab {

class Selector {
  public:
    /// Throws Error{usage} with the keys there are.
    explicit Selector(const std::vector<std::string>& filters);
    [[nodiscard]] bool empty() const noexcept { return terms_.empty(); }
    /// Asks the pool for its hosts when a term needs them.
    [[nodiscard]] bool matches(const xapi::Vm& vm, Pool& pool) const;

  private:
    struct Term {
        std::string key, value;
        bool glob = false;
        bool negated = false;
    };
    std::vector<Term> terms_;
};

} // namespace xenlab::lab
