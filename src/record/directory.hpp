// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Accounts, and the bindings of identities to accounts. The ledger stores these values, attribution
// compiles them.

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace octroi {

// name is the key and never changes (letters, digits, '.', '-', '_', '@'; does not begin with '@').
// title is shown to people and may change. parent is the name of the account above; empty: none.
// email is where notices go, in the form of record/email_address.hpp; empty: not known.
struct Account {
    std::string name;
    std::string parent;
    std::string title;
    std::string email = {};

    auto operator<=>(const Account&) const = default;
};

// The numbers are stored in ledgers: do not change them, only add.
enum class IdentityKind : std::uint8_t {
    prefix = 1,
    mac = 2,
    vlan = 3,
    interface = 4,
    as = 5,        // AS of the end's address, as an exporter states it
    next_hop = 6,  // router to which the traffic was forwarded
    user = 7,      // as a server or exporter states it: "alice", "alice@example.org"
    domain = 8,    // DNS name of a site or of a mail domain
    uid = 9,       // user id on this machine
    cgroup = 10,   // path of a control group, version 2
    peer = 11,     // public key of a peer of a tunnel (WireGuard)
    rule = 12,     // name of an accounting rule
};

// An identity in canonical text (record/identity.hpp): prefix "10.0.0.0/8" (a single address as /32
// or /128), mac "00:30:ca:b8:d9:bc", vlan "12", interface "eth0" (of an exporter: "192.0.2.1#3"),
// as "64500", next_hop "192.0.2.9", user "alice".
struct Identity {
    IdentityKind kind = IdentityKind::prefix;
    std::string value;

    auto operator<=>(const Identity&) const = default;
};

struct Binding {
    std::uint64_t id = 0;  // assigned by the ledger; a newer binding has a greater id
    Identity identity;
    std::string account;
    Interval valid;            // [from, until)
    bool per_address = false;  // prefixes only: each address is an identity of its own

    auto operator<=>(const Binding&) const = default;
};

// A network of the user: its addresses are @unattributed if they are bound to no account. Other
// addresses without a binding have a class of the outside world.
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
