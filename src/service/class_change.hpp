// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Whether a new class table differs from the one in force so much, in one class, that it is
// probably wrong (docs/decisions/0622-class-tables-that-refresh.md). Pure.

#include <cstdint>
#include <string>

#include "record/class_table.hpp"

namespace octroi {

// `found` prefixes in place of `in_force` are too few.
[[nodiscard]] bool lost_too_much(std::uint64_t found, std::uint64_t in_force,
                                 std::int64_t hold_back_percent);

// The first class that lost too many prefixes, or has prefixes with more than twice the addresses
// of before and more than a /8 (IPv4) or a /16 (IPv6). Prefixes within one another are added up. A
// text that continues "held back, because "; empty: there is no such class.
[[nodiscard]] std::string implausible_class(const ClassTable& in_force, const ClassTable& found,
                                            std::int64_t hold_back_percent);

}  // namespace octroi
