// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Records of one lease file become identity events, each once. No file and no clock. One thread.
//
// The events of a lease: the MAC address holds the address from the begin of the lease, at the
// latest until its end; nobody holds it after a release. A lease without a MAC address ends the
// lease before it.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "record/identity_event.hpp"
#include "wire/leases/lease.hpp"

namespace octroi::dhcp {

struct LeasePolicy {
    std::vector<Prefix> networks;   // addresses that count; empty: all
    std::size_t limit = 1'000'000;  // leases that are known at a time; more are not used
};

struct LeaseCounts {
    std::uint64_t events = 0;
    std::uint64_t without_mac = 0;  // leases of clients with a MAC address that is not known
    std::uint64_t outside = 0;      // of other networks
    std::uint64_t refused = 0;      // beyond the limit

    LeaseCounts& operator+=(const LeaseCounts& o) noexcept {
        events += o.events;
        without_mac += o.without_mac;
        outside += o.outside;
        refused += o.refused;
        return *this;
    }
};

class LeaseEvents {
public:
    explicit LeaseEvents(LeasePolicy policy) : policy_(std::move(policy)) {}

    // written: when the file had the record at the latest (the time of its last change, not later
    // than now). No event is later than that.
    void add(const leases::Lease& lease, UtcTime written);
    // All records that the files have now were added. A removal has no time of its own; it counts
    // from `written` of its record, if it is the last record of its prefix. With a later one, the
    // lease before the removal ends where the next one begins: after a restart `written` is the
    // time of the last change of the file, which may be far behind both.
    void end_pass();
    // For files that have all present leases: those that were not added between the two have ended.
    void begin_complete() { ++pass_; }
    void end_complete(UtcTime written);

    // The events since the last call, in the order of the records.
    [[nodiscard]] std::vector<IdentityEvent> drain();
    [[nodiscard]] const LeaseCounts& counts() const noexcept { return counts_; }
    [[nodiscard]] std::size_t known() const noexcept { return known_.size(); }

private:
    // The last events of an address.
    struct Known {
        std::optional<IdentityEvent> held;
        std::optional<IdentityEvent> ended;  // absent, or not later than `held`: it is held
        std::optional<UtcTime> removed;      // by the last record; until end_pass()
        std::uint64_t pass = 0;
    };
    [[nodiscard]] Known* find(const Prefix& prefix, UtcTime written);
    void hold(Known& known, const leases::Lease& lease, UtcTime written);
    void end(Known& known, const Prefix& prefix, UtcTime at);
    void push(std::optional<IdentityEvent>& last, IdentityEvent event);

    LeasePolicy policy_;
    std::map<Prefix, Known> known_;
    std::set<Prefix> held_back_;  // those with Known::removed
    std::vector<IdentityEvent> events_;
    LeaseCounts counts_;
    std::uint64_t pass_ = 0;
};

}  // namespace octroi::dhcp
