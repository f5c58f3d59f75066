// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Names of addresses from the resolver of the system (DNS, hosts file). For commands that answer
// people; meters never ask: an answer may take seconds, and the question tells others which
// hosts are metered.

#include <functional>
#include <map>
#include <span>
#include <string>

#include "base/address.hpp"
#include "base/time.hpp"

namespace octroi {

// Keeps its answers, also that an address has no name. For one thread.
class ReverseDns {
public:
    // At most this many addresses are asked about; the rest have no name.
    static constexpr std::size_t addresses_max = 4096;

    // deadline: of each call of look_up(). Addresses without an answer by then have no name; a
    // later call asks about them again.
    explicit ReverseDns(Duration deadline) : deadline_(deadline) {}

    // Another resolver, for tests: empty for none. It is called by several threads, and may still
    // run when look_up() has returned.
    using Resolver = std::function<std::string(const Address&)>;
    ReverseDns(Duration deadline, Resolver resolver)
        : deadline_(deadline), resolver_(std::move(resolver)) {}

    // Asks about those that are not known yet, several at a time.
    void look_up(std::span<const Address> addresses);
    // Empty: it has none. Only letters, digits, '-', '_' and '.': anybody may state the name of an
    // address of their own.
    [[nodiscard]] const std::string& name_of(const Address& address) const;

private:
    Duration deadline_;
    Resolver resolver_;
    std::map<Address, std::string> names_;
};

}  // namespace octroi
