// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/identity_sessions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "host/log_limit.hpp"
#include "record/identity.hpp"

namespace octroi {
namespace {

constinit LimitedLog refused_identities("identity_limit");

enum class Novelty : std::uint8_t { is_new, known, over_limit };

// statements: of the source and the held identity, sorted by time.
template <typename Statements>
Novelty novelty_of(const IdentityEvent& event, const Statements& statements) {
    const auto after =
        std::ranges::upper_bound(statements, event.at, {}, [](const auto& s) { return s.at; });
    for (auto same = after; same != statements.begin() && (same - 1)->at == event.at; --same) {
        const auto& other = *(same - 1);
        if (other.holder == event.holder && other.until == event.until) return Novelty::known;
    }
    if (after != statements.begin()) {
        const auto& last = *(after - 1);
        if (last.holder == event.holder && event.at <= last.until && event.until <= last.until &&
            event.at - last.at < identity_repeat_interval)
            return Novelty::known;
    }
    const UtcTime bucket = bucket_start(event.at);
    const auto in_bucket = std::ranges::count_if(
        statements, [&](const auto& s) { return bucket_start(s.at) == bucket; });
    return static_cast<std::size_t>(in_bucket) >= identities_of_bucket_max ? Novelty::over_limit
                                                                           : Novelty::is_new;
}

}  // namespace

Result<IdentitySessions> IdentitySessions::load(IdentityStore& store, UtcTime since,
                                                std::uint64_t seed) {
    IdentitySessions sessions(store, since);
    sessions.table_ = SessionTable::without_events(seed);
    TRY_ASSIGN([[maybe_unused]] const bool found, sessions.refresh());
    return sessions;
}

Result<bool> IdentitySessions::refresh() {
    const std::uint64_t known = table_->number();
    TRY_ASSIGN(const std::uint64_t newest, store_->newest_identity());
    if (newest == known) return false;
    std::vector<SessionInput> inputs;
    // What came since is read as a whole: there is little, and each part may matter.
    const UtcTime since = known == 0 ? since_ : UtcTime::min();
    TRY(store_->each_identity({.after = known, .until = newest, .since = since, .held = {}},
                              [&](const StoredIdentity& stored) -> Status {
                                  inputs.push_back({stored.number, stored.source, stored.event});
                                  return {};
                              }));
    table_ = SessionTable::with(table_, inputs, newest);
    return true;
}

Result<IdentitySessions::Statements> IdentitySessions::statements_of(
    const std::string& source, const IdentityEvent& event) const {
    Statements found;
    if (event.at >= since_) {
        const auto key = HeldKey::of(event.held);
        const HeldSessions* held = key ? table_->find(*key) : nullptr;
        if (held == nullptr) return found;
        for (const HeldSessions::Event& known : held->events)
            if (table_->sources()[known.source] == source)
                found.push_back({known.at, known.until, known.holder});
        return found;
    }
    TRY(store_->each_identity(
        {.after = 0, .until = INT64_MAX, .since = UtcTime::min(), .held = event.held},
        [&](const StoredIdentity& stored) -> Status {
            if (stored.source == source)
                found.push_back({stored.event.at, stored.event.until, stored.event.holder});
            return {};
        }));
    std::ranges::stable_sort(found, {}, &Statement::at);
    return found;
}

Status IdentitySessions::drop_known(Batch& batch) {
    if (batch.identities.empty()) return {};
    // Another process may have committed some.
    TRY_ASSIGN([[maybe_unused]] const bool found, refresh());
    std::map<Identity, Statements> all;
    std::vector<IdentityEvent> fresh;
    for (IdentityEvent& event : batch.identities) {
        auto known = all.find(event.held);
        if (known == all.end()) {
            TRY_ASSIGN(Statements statements, statements_of(batch.meter.name, event));
            known = all.emplace(event.held, std::move(statements)).first;
        }
        Statements& statements = known->second;
        const Novelty novelty = novelty_of(event, statements);
        if (novelty == Novelty::over_limit)
            refused_identities.warning([&] {
                return fmt::format(
                    "meter {}: {} changed its holder more than {} times in the five minutes from "
                    "{}; further statements of that time are not stored. Next: look for two hosts "
                    "that claim it",
                    batch.meter.name, identity_text(event.held), identities_of_bucket_max,
                    to_rfc3339(bucket_start(event.at)));
            });
        if (novelty != Novelty::is_new) continue;
        const auto place = std::ranges::upper_bound(statements, event.at, {}, &Statement::at);
        statements.insert(place, {event.at, event.until, event.holder});
        fresh.push_back(std::move(event));
    }
    batch.identities = std::move(fresh);
    return {};
}

}  // namespace octroi
