// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/bytes/checked.hpp>
#include <xenlab/xva/positions.hpp>

namespace xenlab::xva {

std::optional<Positions::Placed> Positions::place(std::uint64_t number, std::uint64_t length,
                                                  std::uint64_t unit)
{
    if (number < next_)
        return std::nullopt;
    const auto hole = bytes::checked_mul(number - next_, unit);
    const auto offset = hole ? bytes::checked_add(end_, *hole) : std::nullopt;
    const auto end = offset ? bytes::checked_add(*offset, length) : std::nullopt;
    if (!end || *end >> 63U != 0)
        return std::nullopt;
    next_ = number + 1;
    end_ = *end;
    return Placed{.offset = *offset, .hole = *hole};
}

} // namespace xenlab::xva
