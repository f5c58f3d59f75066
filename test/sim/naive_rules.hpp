// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Decides the parties of a packet in the simplest direction: it compares the packet with all
// bindings, networks and routes, one after the other. It uses the types of record/directory.hpp and
// no code of attribute/, because it checks that code.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "truth.hpp"

namespace octroi::sim {

enum class BindingKind : std::uint8_t { prefix, mac, vlan, interface };

struct NaiveBinding {
    std::uint64_t id = 0;  // a greater id is newer
    BindingKind kind = BindingKind::prefix;
    Prefix prefix;
    std::string value;  // canonical text, as in the ledger
    std::string account;
    UtcTime from = UtcTime::min();
    UtcTime until = UtcTime::max();
    bool per_address = false;
};

struct NaiveNetwork {
    Prefix prefix;
    bool per_address = false;
};

struct NaiveRoute {
    Prefix prefix;
    std::string class_name;
};

// Everything that decides, for one version of the directory and one class table. A value: later
// changes do not affect a copy.
struct NaiveRules {
    std::uint64_t version = 0;
    std::map<std::string, std::string> parents;  // of every account; "": top of the tree
    std::vector<NaiveBinding> bindings;
    std::vector<NaiveNetwork> networks;
    std::string class_version;  // "": no table
    std::string default_class = "world";
    std::vector<NaiveRoute> routes;
};

// A party as the ledger names it: kind is the number of record/transfer.hpp.
struct NaiveParty {
    int kind = 0;
    std::string name;
    std::string identity;

    auto operator<=>(const NaiveParty&) const = default;
};

struct Verdict {
    NaiveParty from;
    NaiveParty to;
};

[[nodiscard]] bool holds(const Prefix& prefix, const Address& address);
[[nodiscard]] Verdict judge(const Sent& sent, const NaiveRules& rules);

}  // namespace octroi::sim
