// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Who: accounts, and what binds an identity to an account. Values; the ledger keeps them,
// attribution compiles them.

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace octroi {

// name is the account's key for ever (letters, digits, '.', '-', '_', '@'; not starting with '@');
// title is what people read and may change. parent is a name, or empty at the top of the tree.
struct Account {
    std::string name;
    std::string parent;
    std::string title;

    auto operator<=>(const Account&) const = default;
};

// The numbers are stored in ledgers: do not change them, only add.
enum class IdentityKind : std::uint8_t {
    prefix = 1,
    mac = 2,
    vlan = 3,
    interface = 4,
    as = 5,        // the AS of the end's address, as an exporter states it
    next_hop = 6,  // the router that the destination's traffic was handed to
};

// An identity in canonical text: prefix "10.0.0.0/8" (a single address as /32 or /128), mac
// "00:30:ca:b8:d9:bc", vlan "12", interface "eth0" (of an exporter: "192.0.2.1#3"), as "64500",
// next_hop "192.0.2.9".
struct Identity {
    IdentityKind kind = IdentityKind::prefix;
    std::string value;

    auto operator<=>(const Identity&) const = default;
};

// The text of a party's identity: "10.1.2.3", "10.1.0.0/16", "mac 00:30:ca:b8:d9:bc", "vlan 12",
// "interface eth0", "as 64500", "next-hop 192.0.2.9". parse_identity (attribute/identity.hpp) reads
// it back.
[[nodiscard]] std::string identity_text(const Identity& identity);

struct Binding {
    std::uint64_t id = 0;  // given by the ledger, growing: the newer binding has the greater id
    Identity identity;
    std::string account;
    Interval valid;            // [from, until)
    bool per_address = false;  // prefixes only: each address gets an identity row of its own

    auto operator<=>(const Binding&) const = default;
};

// A network whose addresses are ours: bound to nobody they are @unattributed, not the outside
// world.
struct LocalNetwork {
    std::string prefix;
    bool per_address = false;

    auto operator<=>(const LocalNetwork&) const = default;
};

struct Directory {
    std::uint64_t version = 0;  // grows with every change
    std::vector<Account> accounts;
    std::vector<Binding> bindings;
    std::vector<LocalNetwork> networks;
};

}  // namespace octroi
