// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <compare>
#include <cstdint>

namespace octroi::journal {

// A place between two messages of a journal: before slot `slot` of segment `segment`. Positions
// only grow; a cursor in the ledger contains one.
struct Position {
    std::uint64_t segment = 1;
    std::uint32_t slot = 0;

    auto operator<=>(const Position&) const noexcept = default;
};

}  // namespace octroi::journal
