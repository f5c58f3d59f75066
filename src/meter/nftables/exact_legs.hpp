// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Legs in a form that a hash can look up. A map of intervals costs more the more elements it has
// (a tree, or bitmaps for each field); a hash costs the same with one element and with 100,000. It
// needs exact values: so a packet's address is masked to the length of the prefixes before the
// lookup, and a short range of ports becomes its ports.

#include <vector>

#include "meter/nftables/accounting_rule.hpp"

namespace octroi::accounting {

// The same packets match. A leg becomes several, for prefixes of different lengths: each length is
// a lookup of its own. Legs that would need too many lookups or elements stay as they are.
void make_exact(std::vector<AccountingRule>& rules);

}  // namespace octroi::accounting
