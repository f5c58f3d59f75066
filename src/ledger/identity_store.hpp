// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The port for identities over time: the events that batches brought (record/identity_event.hpp),
// and how far late ones have been taken into account. Threads: see ledger.hpp.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "record/identity_event.hpp"

namespace octroi {

struct StoredIdentity {
    std::uint64_t number = 0;  // 1, 2, 3, … in the order of the commits to this ledger
    IdentityEvent event;
    std::string source;  // name of the meter that handed it over
    UtcTime booked_at;   // of its batch

    auto operator<=>(const StoredIdentity&) const = default;
};

// Which events: all conditions hold.
struct IdentityQuestion {
    std::uint64_t after = 0;  // numbers after this one, up to `until`
    std::uint64_t until = INT64_MAX;
    // Events that may hold at this time or later: of each source and held identity those with `at`
    // from it on, and the last one before, if it was not over. A store may give a few more.
    UtcTime since = UtcTime::min();
    std::optional<Identity> held;
};

// Up to which event and which batch all pairs of both are settled: where a batch had traffic in the
// time of an event that it did not know, that traffic was attributed again.
struct IdentityProgress {
    std::uint64_t events = 0;   // number of the last event
    std::uint64_t batches = 0;  // number of the last batch

    auto operator<=>(const IdentityProgress&) const = default;
};

// An observation with transfers, and what it knew.
struct IdentityKnowledge {
    std::uint64_t batch = 0;
    Interval buckets;                    // from the first bucket to the end of the last one
    std::uint64_t identities_known = 0;  // as Batch::identities_known
};

class IdentityStore {
public:
    virtual ~IdentityStore() = default;

    // The number of the newest event; 0: none. One index look-up: a daemon asks before each batch.
    [[nodiscard]] virtual Result<std::uint64_t> newest_identity() = 0;
    // Visits events in order of their numbers. An error of the visitor ends the walk and is
    // returned. Error: corrupt.
    using IdentityVisitor = std::function<Status(const StoredIdentity&)>;
    [[nodiscard]] virtual Status each_identity(const IdentityQuestion& question,
                                               const IdentityVisitor& visit) = 0;

    [[nodiscard]] virtual Result<IdentityProgress> identity_progress() = 0;
    // Errors: busy, no_space, failed.
    [[nodiscard]] virtual Status put_identity_progress(const IdentityProgress& progress) = 0;
    // Whether an observation up to the batch `until` has transfers in these buckets and did not
    // know the event.
    [[nodiscard]] virtual Result<bool> has_traffic_without(std::uint64_t event,
                                                           const Interval& buckets,
                                                           std::uint64_t until) = 0;
    // Visits the observations with transfers after the batch `after` up to `until` that did not
    // know the event, by number.
    using KnowledgeVisitor = std::function<Status(const IdentityKnowledge&)>;
    [[nodiscard]] virtual Status each_batch_without(std::uint64_t event, std::uint64_t after,
                                                    std::uint64_t until,
                                                    const KnowledgeVisitor& visit) = 0;
};

}  // namespace octroi
