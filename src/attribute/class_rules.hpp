// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Rules that give routes their class. One rule a text:
//
//     as 7575 = aarnet                  routes that come from this AS
//     as 64512-65534 = private          … from an AS of this range
//     within 130.56.0.0/16 = mirror     routes whose prefix lies in this one
//     word free-list = free             routes that a prefix list calls "free-list"
//     own = domestic                    routes of the table's own AS
//     prefix 192.0.2.0/24 = test        a route of its own: replaces a loaded route of just this
//                                       prefix
//     next-hop 192.0.2.9 = transit-a    what exporters say was sent on to this router
//     default = international           everything else
//
// `as`, `within`, `word` and `own` are asked in the order given; the first that fits decides, and
// if none does a route of a prefix list keeps its own word as class, any other is of the default
// class. An AS_SET fits if one of its members does. A plain number in a prefix list is the origin
// AS where there is any `as` rule, and else a class of that name. `prefix` and `default` do not
// depend on order, nor does `next-hop`; the later of two for the same wins. All routes are kept,
// also those of the default class: the longest prefix wins, so a route inside another must be able
// to take addresses out of its class.
//
// `as` and `next-hop` also decide by what flow records state. Of a far end the class is
//
//   1. of its next hop, where there is a rule for it: where the traffic did go tells more than
//      where a table says that it could go. Destinations only; nobody states where traffic came
//      from.
//   2. of the longest route that holds its address;
//   3. of its AS number in the record, by the first `as` rule that fits: without any routes, `as`
//      rules alone give classes. AS 0 is unknown, and so is AS 23456 of exporters (RFC 6793);
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

// A class is a party's name in the ledger: letters, digits, '-', '_', '.', '/', ':', '+' and any
// non-ASCII octet; 1 to 64 octets; not one of the built-in outside classes (directory.hpp).
[[nodiscard]] Status check_class_name(std::string_view name);

}  // namespace octroi
