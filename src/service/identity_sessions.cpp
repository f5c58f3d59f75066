// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/identity_sessions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

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
    TRY_ASSIGN(auto inputs,
               inputs_of({.after = known, .until = newest, .since = since_, .held = {}}));
    // Older events that came since end those in the table. The numbers have no gap.
    if (known != 0 && inputs.size() < newest - known) TRY(add_old_events(known, newest, inputs));
    table_ = SessionTable::with(table_, inputs, newest);
    return true;
}

Result<std::vector<SessionInput>> IdentitySessions::inputs_of(
    const IdentityQuestion& question) const {
    std::vector<SessionInput> inputs;
    TRY(store_->each_identity(question, [&](const StoredIdentity& stored) -> Status {
        inputs.push_back({stored.number, stored.source, stored.event});
        return {};
    }));
    return inputs;
}

// inputs: those that may hold at since_ or later. The others do not: the event that ended one of
// them may not be in the table.
Status IdentitySessions::add_old_events(std::uint64_t after, std::uint64_t until,
                                        std::vector<SessionInput>& inputs) const {
    if (since_ == UtcTime::min()) return {};
    std::set<std::uint64_t> holding;
    for (const SessionInput& input : inputs) holding.insert(input.number);
    TRY_ASSIGN(auto all,
               inputs_of({.after = after, .until = until, .since = UtcTime::min(), .held = {}}));
    for (SessionInput& input : all) {
        if (input.event.at >= since_ || holding.contains(input.number)) continue;
        input.event.until = std::min(input.event.until, since_);
        inputs.push_back(std::move(input));
    }
    return {};
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

// The events of one batch.
class IdentitySessions::Filter {
public:
    // refused: of the source. more_max: how many more it may have.
    Filter(const IdentitySessions& sessions, std::string source, RefusedOfSource refused,
           std::size_t more_max)
        : sessions_(sessions),
          source_(std::move(source)),
          refused_(std::move(refused)),
          refused_max_(refused_.size() + more_max) {}

    [[nodiscard]] Status add(const IdentityEvent& event) {
        TRY(add_refused(event.held, event.at - Duration{1}));
        const auto refused = refused_.find(event.held);
        // It is about the same moment, and later.
        if (refused != refused_.end() && due_of(refused->second) == event.at)
            refused_.erase(refused);
        return decide(event);
    }
    // Adds the refused statements that are due.
    [[nodiscard]] Status finish(UtcTime now) {
        std::vector<Identity> all;
        for (const auto& [held, event] : refused_) all.push_back(held);
        for (const Identity& held : all) TRY(add_refused(held, now));
        return {};
    }
    [[nodiscard]] std::vector<IdentityEvent> drain_fresh() {
        std::ranges::sort(fresh_);
        return std::move(fresh_);
    }
    [[nodiscard]] RefusedOfSource drain_refused() { return std::move(refused_); }

private:
    static UtcTime due_of(const IdentityEvent& refused) {
        return bucket_start(refused.at) + bucket_length;
    }

    // The refused statement of `held`, if it is due at the time. Where those five minutes have
    // reached the limit too, it is refused again, until the next ones.
    [[nodiscard]] Status add_refused(const Identity& held, UtcTime now) {
        for (auto at = refused_.find(held); at != refused_.end() && due_of(at->second) <= now;
             at = refused_.find(held)) {
            IdentityEvent event = std::move(at->second);
            refused_.erase(at);
            TRY_ASSIGN(const Statements* const statements, known_statements(event));
            if (is_superseded(event, *statements)) continue;
            event.at = due_of(event);
            // It ended before: the session that is stored must end too.
            if (event.until <= event.at) event = {.at = event.at, .held = held, .holder = {}};
            TRY(decide(event));
        }
        return {};
    }

    // Whether a later statement is stored, up to the time at which this one would be.
    static bool is_superseded(const IdentityEvent& refused, const Statements& statements) {
        return std::ranges::any_of(statements, [&](const Statement& stored) {
            return stored.at > refused.at && stored.at <= due_of(refused);
        });
    }

    // Those of the held identity, of the source.
    [[nodiscard]] Result<Statements*> known_statements(const IdentityEvent& event) {
        auto known = statements_.find(event.held);
        if (known == statements_.end()) {
            TRY_ASSIGN(Statements found, sessions_.statements_of(source_, event));
            known = statements_.emplace(event.held, std::move(found)).first;
        }
        return &known->second;
    }

    [[nodiscard]] Status decide(const IdentityEvent& event) {
        TRY_ASSIGN(Statements* const found, known_statements(event));
        Statements& statements = *found;
        switch (novelty_of(event, statements)) {
            case Novelty::known: {
                // The stored statement is right again.
                const auto refused = refused_.find(event.held);
                if (refused != refused_.end() && refused->second.at <= event.at)
                    refused_.erase(refused);
                break;
            }
            case Novelty::over_limit:
                refuse(event, statements);
                break;
            case Novelty::is_new:
                statements.insert(
                    std::ranges::upper_bound(statements, event.at, {}, &Statement::at),
                    {event.at, event.until, event.holder});
                fresh_.push_back(event);
                break;
        }
        return {};
    }

    void refuse(const IdentityEvent& event, const Statements& statements) {
        refused_identities.warning([&] {
            return fmt::format(
                "meter {}: {} changed its holder more than {} times in the five minutes from {}; "
                "of the further statements of that time the last one is stored, from the next five "
                "minutes on. Next: look for two hosts that claim it",
                source_, identity_text(event.held), identities_of_bucket_max,
                to_rfc3339(bucket_start(event.at)));
        });
        if (is_superseded(event, statements)) return;
        const auto refused = refused_.find(event.held);
        if (refused != refused_.end()) {
            if (refused->second.at <= event.at) refused->second = event;
        } else if (refused_.size() < refused_max_) {
            refused_.emplace(event.held, event);
        }
    }

    const IdentitySessions& sessions_;
    const std::string source_;
    RefusedOfSource refused_;
    const std::size_t refused_max_;
    std::map<Identity, Statements> statements_;
    std::vector<IdentityEvent> fresh_;
};

std::size_t IdentitySessions::refused_kept() const {
    std::size_t kept = 0;
    for (const auto& [source, refused] : refused_) kept += refused.size();
    return kept;
}

void IdentitySessions::remove_ended(UtcTime now) {
    if (since_ == UtcTime::min() || now - since_ < sessions_loaded + sessions_removal_interval)
        return;
    since_ = now - sessions_loaded;
    table_ = SessionTable::without_ended(table_, since_);
}

Status IdentitySessions::drop_known(Batch& batch) {
    remove_ended(batch.booked_at);
    const auto refused = refused_.find(batch.meter.name);
    if (batch.identities.empty() && refused == refused_.end()) return {};
    // Another process may have committed some.
    TRY_ASSIGN([[maybe_unused]] const bool found, refresh());
    Filter filter(*this, batch.meter.name,
                  refused == refused_.end() ? RefusedOfSource() : refused->second,
                  refused_identities_kept - refused_kept());
    for (const IdentityEvent& event : batch.identities) TRY(filter.add(event));
    TRY(filter.finish(batch.booked_at));
    batch.identities = filter.drain_fresh();
    RefusedOfSource left = filter.drain_refused();
    if (!left.empty())
        refused_[batch.meter.name] = std::move(left);
    else if (refused != refused_.end())
        refused_.erase(refused);
    return {};
}

}  // namespace octroi
