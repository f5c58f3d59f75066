// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Rules that give routes their class. One rule is one text:
//
//     as 7575 = aarnet                  routes originated by this AS
//     as 64512-65534 = private          … by an AS in this range
//     within 130.56.0.0/16 = mirror     routes with a prefix inside this one
//     word free-list = free             routes with the word "free-list" in a prefix list
//     own = domestic                    routes of the AS of the table itself
//     prefix 192.0.2.0/24 = test        an additional route; replaces a loaded route of this prefix
//     next-hop 192.0.2.9 = transit-a    traffic that exporters forwarded to this router
//     default = international           all other
//
// The first of the rules `as`, `within`, `word` and `own` that matches, in the order given, decides
// the class of a route. If none matches, the class of a route in a prefix list is its word; any
// other route has the default class. An AS_SET matches if one of its members does. A plain number
// in a prefix list is the origin AS if there is any `as` rule, else the name of a class. The order
// of `prefix`, `next-hop` and `default` rules has no effect, except that the later of two for the
// same object wins. All routes are kept, also those of the default class: a route inside another
// one takes its addresses out of the class of the other.
//
// `as` and `next-hop` rules also apply to what flow records state. The class of a far end is
//
//   1. that of its next hop, if there is a rule for it: the way that the traffic took says more
//   than
//      the ways that a table offers. Destinations only: a record does not state the router from
//      which traffic came;
//   2. that of the longest route that contains its address;
//   3. that of its AS number in the record, by the first `as` rule that matches. So `as` rules give
//      classes without any routes. AS 0 is unknown, and so is AS 23456 (RFC 6793);
//   4. the default class.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"

namespace octroi {

struct ClassRule {
    enum class Kind : std::uint8_t { as_range, within, word, own, prefix, next_hop, other };
    Kind kind = Kind::other;
    std::uint32_t first_as = 0;
    std::uint32_t last_as = 0;
    Prefix prefix;
    Address next_hop;
    std::string word;
    std::string class_name;

    bool operator==(const ClassRule&) const = default;
};

[[nodiscard]] Result<ClassRule> parse_class_rule(std::string_view text);

// A class is the name of a party in the ledger: letters, digits, '-', '_', '.', '/', ':', '+' and
// any non-ASCII octet; 1 to 64 octets; not a built-in class (builtin_classes.hpp).
[[nodiscard]] Status check_class_name(std::string_view name);

}  // namespace octroi
