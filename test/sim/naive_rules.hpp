// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Whose a packet is, decided as simply as can be: by looking at all bindings, networks and routes
// there are, one after the other. Written against record/directory.hpp's words and not against
// attribute/, which it must not use.

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
    std::uint64_t id = 0;  // the greater is the newer
    BindingKind kind = BindingKind::prefix;
    Prefix prefix;
    std::string value;  // canonical text, as the ledger has it
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

// All that decides, as of one version of the directory and one class table. A value: whoever holds
// a copy is not touched by later changes.
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
