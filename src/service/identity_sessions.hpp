// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The identities over time of a ledger, in memory: the table of sessions for attribution, and the
// filter that keeps statements out of the ledger that say nothing new
// (docs/decisions/0610-identities-over-time.md).

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "attribute/session_table.hpp"
#include "base/result.hpp"
#include "ledger/identity_store.hpp"
#include "record/batch.hpp"

namespace octroi {

// How far back a daemon knows sessions, beside those that still hold. Longer than a meter can hold
// back a reading (31 days).
inline constexpr Duration sessions_loaded = Duration::hours(35 * 24);
// How often older ones are removed from memory.
inline constexpr Duration sessions_removal_interval = Duration::hours(24);
// A statement that repeats the last one is stored again after this time.
inline constexpr Duration identity_repeat_interval = Duration::hours(6);
// Statements of one source about one held identity in five minutes.
inline constexpr std::size_t identities_of_bucket_max = 16;
// Held identities of all sources, of which the last statement over this limit is kept.
inline constexpr std::size_t refused_identities_kept = 4096;

// One thread.
class IdentitySessions {
public:
    // The store must outlive it. since: see IdentityQuestion. seed: secret. Errors: those of the
    // store.
    [[nodiscard]] static Result<IdentitySessions> load(IdentityStore& store, UtcTime since,
                                                       std::uint64_t seed);

    // Never null.
    [[nodiscard]] const SessionsPtr& table() const noexcept { return table_; }
    // Reads the events that came into the ledger since. True: there were some.
    [[nodiscard]] Result<bool> refresh();

    // Removes the events of the batch that say nothing new, and those over the limit. Of these the
    // last one of each held identity is kept in memory. It is added to this batch or a later one of
    // the source, with the begin of the next five minutes as its time, once a batch is booked after
    // that time. To be called once for each batch, before it is committed for the first time: the
    // content of a batch must not change after that. After an error the batch is as it was. Where
    // not all events were loaded, the batch also removes sessions from the table that ended more
    // than sessions_loaded before its booking.
    [[nodiscard]] Status drop_known(Batch& batch);

private:
    IdentitySessions(IdentityStore& store, UtcTime since) : store_(&store), since_(since) {}

    struct Statement {
        UtcTime at;
        UtcTime until;
        Identity holder;
    };
    using Statements = std::vector<Statement>;  // by time, then in the order of their commits
    [[nodiscard]] Result<Statements> statements_of(const std::string& source,
                                                   const IdentityEvent& event) const;

    // The last refused statement of each held identity.
    using RefusedOfSource = std::map<Identity, IdentityEvent>;
    class Filter;
    [[nodiscard]] Result<std::vector<SessionInput>> inputs_of(
        const IdentityQuestion& question) const;
    [[nodiscard]] Status add_old_events(std::uint64_t after, std::uint64_t until,
                                        std::vector<SessionInput>& inputs) const;
    void remove_ended(UtcTime now);
    [[nodiscard]] std::size_t refused_kept() const;

    IdentityStore* store_;
    UtcTime since_;
    SessionsPtr table_;
    std::map<std::string, RefusedOfSource> refused_;  // by source
};

}  // namespace octroi
