// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/radius/accounting_sessions.hpp"

#include <algorithm>

#include "meter/radius/session_volume.hpp"
#include "record/identity_values.hpp"

namespace octroi::radius_meter {

using radius::Accounting;
using radius::StatusType;

namespace {

// A session that has ended is known for so long: a request of before its stop may come late, and
// none that is older counts (event_age_max). A request that is sent again states nothing new.
constexpr Duration closed_kept_for = Duration::hours(24);
// Addresses, prefixes and stations of one session.
constexpr std::size_t held_max = 2 * radius::prefixes_max;

// Ends with an octet that separates it from the Acct-Session-Id. The lengths keep two NAS apart
// that choose their names to look alike.
std::string key_of_nas(const Accounting& accounting, const Address& client) {
    ByteWriter key;
    key.text(to_string(client));
    key.text(to_string(accounting.nas_address));
    key.text(accounting.nas_name);
    return key.drain();
}

// Whether a request behind the stop of a session is of another session with the same id. An
// interim request that was under way when the session ended is not.
bool begins_again(const Accounting& accounting, UtcTime at, UtcTime closed) {
    if (at <= closed || accounting.status == StatusType::stop) return false;
    if (accounting.status == StatusType::start) return true;
    const std::uint32_t seconds = accounting.session_seconds;  // 0: not stated
    return seconds > 0 && at - Duration::seconds(seconds) >= closed;
}

bool is_v4_address(const Identity& identity) {
    const auto prefix = parse_prefix(identity.value);
    return prefix && prefix->address.family == Family::v4 && prefix->length == 32;
}

}  // namespace

void AccountingSessions::on_request(const Accounting& accounting, const Address& client,
                                    UtcTime at) {
    const std::string nas = key_of_nas(accounting, client);
    switch (accounting.status) {
        case StatusType::other:
            return;
        case StatusType::accounting_on:
        case StatusType::accounting_off:
            return on_restart(nas, at);
        case StatusType::start:
        case StatusType::interim:
        case StatusType::stop:
            break;
    }
    const std::string key = nas + std::string(accounting.session);
    const bool is_first = !sessions_.contains(key);
    on_session(find_or_add(key, at), accounting, at, is_first);
}

// Also of sessions with a start that did not arrive.
void AccountingSessions::on_session(Sessions::iterator session, const Accounting& accounting,
                                    UtcTime at, bool is_first) {
    Session& known = session->second;
    // The NAS stated Accounting-On, and goes on with its sessions.
    const bool goes_on = known.closed && known.is_ended_by_nas && at > *known.closed &&
                         accounting.status != StatusType::start;
    if (known.closed && !goes_on && !begins_again(accounting, at, *known.closed))
        return on_ended_session(known, accounting, at);
    if (known.closed) {
        open_again(session);
        if (!goes_on) known.counted.reset();  // the NAS uses the id again
        is_first = true;
    }
    // What a later request states first, the session had at the earliest since the one before.
    const Duration length =
        is_first ? length_of(accounting)
                 : std::min(length_of(accounting), std::max(at - known.last, Duration{}));
    if (policy_.counts_volumes) count(known, accounting, at);
    if (at < known.last)
        ++counts_.late;
    else
        move_last(session, at);
    accounting.status == StatusType::stop ? on_stop(session, accounting, at, length)
                                          : on_alive(session, accounting, at, length);
}

void AccountingSessions::on_ended_session(const Session& session, const Accounting& accounting,
                                          UtcTime at) {
    const UtcTime closed = *session.closed;
    ++counts_.late;
    for (const Statement& statement : statements_of(accounting))
        if (at < closed) push(at, statement, closed);
    if (policy_.counts_volumes) add_uncounted(session, accounting, closed, at);
}

void AccountingSessions::open_again(Sessions::iterator session) {
    Session& known = session->second;
    closed_.erase({*known.closed, session->first});
    known.closed.reset();
    known.is_ended_by_nas = false;
    for (const Held& held : known.held) drop_owner(session->first, held.statement.held);
    known.held.clear();
    ++open_;
}

AccountingSessions::Sessions::iterator AccountingSessions::find_or_add(const std::string& key,
                                                                       UtcTime at) {
    const auto found = sessions_.find(key);
    if (found != sessions_.end()) return found;
    if (sessions_.size() >= policy_.session_limit) {
        ++counts_.evicted;
        remove(
            sessions_.find(closed_.empty() ? by_last_.begin()->second : closed_.begin()->second));
    }
    ++open_;
    by_last_.emplace(at, key);
    return sessions_.emplace(key, Session{.last = at}).first;
}

void AccountingSessions::move_last(Sessions::iterator session, UtcTime at) {
    by_last_.erase({session->second.last, session->first});
    session->second.last = at;
    by_last_.emplace(at, session->first);
}

std::optional<Identity> AccountingSessions::user_of(const Accounting& accounting) {
    if (accounting.user.empty()) return std::nullopt;
    auto user = user_identity(accounting.user);
    if (!user) ++counts_.bad_users;
    return user;
}

// Who holds what, as this request has it.
std::vector<AccountingSessions::Statement> AccountingSessions::statements_of(
    const Accounting& accounting) {
    std::vector<Statement> statements;
    const auto user = user_of(accounting);
    if (!user && accounting.station.empty()) return statements;
    const Identity holder = user ? *user : identity_of(accounting.station);
    for (const Prefix& prefix : accounting.prefixes) {
        if (!policy_.networks.empty() && !any_contains(policy_.networks, prefix))
            ++counts_.outside;
        else
            statements.push_back({identity_of(prefix), holder});
    }
    if (user && !accounting.station.empty())
        statements.push_back({identity_of(accounting.station), holder});
    return statements;
}

// Acct-Session-Time, bounded: how long the session had what it has now.
Duration AccountingSessions::length_of(const Accounting& accounting) const {
    return std::min(Duration::seconds(accounting.session_seconds), policy_.valid_for);
}

void AccountingSessions::on_alive(Sessions::iterator session, const Accounting& accounting,
                                  UtcTime at, Duration length) {
    end_replaced_address(session, accounting, at);
    for (const Statement& statement : statements_of(accounting))
        state(session, statement, at, length);
}

// A session has one address of IPv4 at a time. Those of IPv6 may be in different requests.
void AccountingSessions::end_replaced_address(Sessions::iterator session,
                                              const Accounting& accounting, UtcTime at) {
    const auto now = std::ranges::find_if(accounting.prefixes, [](const Prefix& prefix) {
        return prefix.address.family == Family::v4;
    });
    if (now == accounting.prefixes.end() || at < session->second.last) return;
    const Identity present = identity_of(*now);
    std::erase_if(session->second.held, [&](const Held& held) {
        const Identity& identity = held.statement.held;
        if (!is_v4_address(identity) || identity == present) return false;
        end_holding(session->first, held, at);
        drop_owner(session->first, identity);
        return true;
    });
}

void AccountingSessions::state(Sessions::iterator session, const Statement& statement, UtcTime at,
                               Duration length) {
    std::vector<Held>& all = session->second.held;
    auto found = std::ranges::find_if(
        all, [&](const Held& held) { return held.statement.held == statement.held; });
    if (found == all.end()) {
        if (all.size() == held_max) return;
        const UtcTime begun = begin_of(session->first, statement.held, at, length);
        if (begun < at) push(begun, statement, begun + policy_.valid_for);
        all.push_back({statement, begun, at});
    } else {
        const bool is_repeated = found->statement.holder == statement.holder &&
                                 at >= found->first &&
                                 at - found->stated < Duration{policy_.valid_for.ns / 2} &&
                                 is_owned_by(session->first, statement);
        if (is_repeated) return see(session->first, statement.held, at);
        found->first = std::min(found->first, at);
        found->stated = std::max(found->stated, at);
        found->statement.holder = statement.holder;
    }
    push(at, statement, at + policy_.valid_for);
    own(session->first, statement.held, at);
}

// The begin of the session if its start did not arrive, but not before another session had the
// address.
UtcTime AccountingSessions::begin_of(const std::string& session, const Identity& held, UtcTime at,
                                     Duration length) const {
    const auto owner = owners_.find(held);
    if (owner == owners_.end() || owner->second.session == session) return at - length;
    return std::min(at, std::max({at - length, owner->second.at, owner->second.seen}));
}

void AccountingSessions::own(const std::string& session, const Identity& held, UtcTime at) {
    Owner& owner = owners_[held];
    if (owner.session.empty() || owner.at <= at) owner = {session, at, at};
}

void AccountingSessions::see(const std::string& session, const Identity& held, UtcTime at) {
    const auto owner = owners_.find(held);
    if (owner != owners_.end() && owner->second.session == session)
        owner->second.seen = std::max(owner->second.seen, at);
}

// The last event gave the address to this session, or to another open one of the same holder: two
// sessions of one station do not state it in turn.
bool AccountingSessions::is_owned_by(const std::string& session, const Statement& statement) const {
    const auto owner = owners_.find(statement.held);
    if (owner == owners_.end()) return false;
    if (owner->second.session == session) return true;
    const auto other = sessions_.find(owner->second.session);
    return other != sessions_.end() && !other->second.closed &&
           std::ranges::any_of(other->second.held, [&](const Held& held) {
               return held.statement.held == statement.held &&
                      held.statement.holder == statement.holder;
           });
}

// A stop states what the session had, too.
void AccountingSessions::on_stop(Sessions::iterator session, const Accounting& accounting,
                                 UtcTime at, Duration length) {
    std::vector<Held>& all = session->second.held;
    for (const Statement& statement : statements_of(accounting)) {
        const bool is_known = std::ranges::any_of(
            all, [&](const Held& held) { return held.statement.held == statement.held; });
        if (is_known || all.size() == held_max) continue;
        const UtcTime begun = begin_of(session->first, statement.held, at, length);
        if (begun >= at) continue;
        push(begun, statement, at);
        own(session->first, statement.held, begun);
        all.push_back({statement, begun, begun});
    }
    close(session, at);
}

void AccountingSessions::close(Sessions::iterator session, UtcTime at) {
    if (session->second.closed) return;
    for (const Held& held : session->second.held) end_holding(session->first, held, at);
    session->second.closed = at;
    closed_.emplace(at, session->first);
    --open_;
}

// What another session has since is not ended.
void AccountingSessions::end_holding(const std::string& session, const Held& held, UtcTime at) {
    const auto owner = owners_.find(held.statement.held);
    const bool is_own = owner != owners_.end() && owner->second.session == session;
    // A session that begins and ends within a second of the NAS: the end is behind the begin.
    const UtcTime end = at == held.stated ? at + Duration{1} : at;
    if (is_own || owner == owners_.end() || owner->second.at > end)
        push(end, {held.statement.held, no_holder()}, UtcTime::max());
    if (is_own) owner->second.at = owner->second.seen = end;
}

void AccountingSessions::on_restart(const std::string& nas, UtcTime at) {
    std::optional<UtcTime> counted;  // the earliest
    for (auto session = sessions_.lower_bound(nas);
         session != sessions_.end() && session->first.starts_with(nas); ++session) {
        const Session& known = session->second;
        if (known.last > at || known.closed) continue;
        if (known.counted) counted = std::min(counted.value_or(at), known.counted->at);
        close(session, at);
        session->second.is_ended_by_nas = true;
    }
    // The volume of the sessions since their last requests.
    if (counted)
        losses_.push_back(
            {LossReason::counter_reset, {*counted, std::max(at, *counted + Duration{1})}, {}});
}

void AccountingSessions::expire(UtcTime now) {
    while (!closed_.empty() && now - closed_.begin()->first > closed_kept_for)
        remove(sessions_.find(closed_.begin()->second));
    while (!by_last_.empty() && now - by_last_.begin()->first > policy_.valid_for)
        remove(sessions_.find(by_last_.begin()->second));
}

void AccountingSessions::drop_owner(const std::string& session, const Identity& held) {
    const auto owner = owners_.find(held);
    if (owner != owners_.end() && owner->second.session == session) owners_.erase(owner);
}

void AccountingSessions::remove(Sessions::iterator session) {
    for (const Held& held : session->second.held) drop_owner(session->first, held.statement.held);
    if (session->second.closed)
        closed_.erase({*session->second.closed, session->first});
    else
        --open_;
    by_last_.erase({session->second.last, session->first});
    sessions_.erase(session);
}

void AccountingSessions::push(UtcTime at, const Statement& statement, UtcTime until) {
    events_.push_back({at, statement.held, statement.holder, until});
    ++counts_.events;
}

std::vector<IdentityEvent> AccountingSessions::drain_events() { return std::exchange(events_, {}); }

}  // namespace octroi::radius_meter
