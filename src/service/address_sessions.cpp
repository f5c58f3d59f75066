// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/address_sessions.hpp"

#include <algorithm>
#include <set>

#include "record/identity.hpp"

namespace octroi {
namespace {

void add_sessions(const CompiledDirectory& directory, const SessionTable& sessions,
                  const HeldSessions& held, std::vector<SessionRow>& rows) {
    for (std::size_t i = 0; i < held.events.size(); ++i) {
        const HeldSessions::Event& event = held.events[i];
        SessionRow row{.held = identity_text(held.held),
                       .holder = {},
                       .account = {},
                       .source = sessions.sources()[event.source],
                       .time = held.interval_of(i)};
        if (row.time.begin >= row.time.end) continue;  // corrected
        if (!event.holder.value.empty()) {
            row.holder = identity_text(event.holder);
            HeldSessions::Holder holder{.identity = event.holder};
            if (const auto key = HeldKey::of(event.holder); key && key->is_mac)
                holder.mac = parse_mac(event.holder.value).value_or(Mac{});
            const auto answer = directory.find_holder(holder, row.time.begin, sessions);
            if (answer.bound) row.account = directory.owner_of(answer.target).name;
        }
        rows.push_back(std::move(row));
    }
}

}  // namespace

Result<SessionsPtr> all_sessions(IdentityStore& store) {
    std::vector<SessionInput> inputs;
    TRY(store.each_identity({}, [&](const StoredIdentity& stored) -> Status {
        inputs.push_back({stored.number, stored.source, stored.event});
        return {};
    }));
    return SessionTable::with(nullptr, inputs);
}

std::vector<SessionRow> sessions_of(const CompiledDirectory& directory,
                                    const SessionTable& sessions, const Identity& identity) {
    std::vector<SessionRow> rows;
    const auto key = HeldKey::of(identity);
    const HeldSessions* held = key ? sessions.find(*key) : nullptr;
    if (held == nullptr) return rows;
    add_sessions(directory, sessions, *held, rows);
    std::set<Identity> holders;
    for (const HeldSessions::Event& event : held->events)
        if (!event.holder.value.empty() && event.holder != identity) holders.insert(event.holder);
    for (const Identity& holder : holders) {
        const auto holder_key = HeldKey::of(holder);
        const HeldSessions* next = holder_key ? sessions.find(*holder_key) : nullptr;
        if (next != nullptr) add_sessions(directory, sessions, *next, rows);
    }
    std::ranges::stable_sort(rows, {}, [](const SessionRow& row) { return row.time.begin; });
    return rows;
}

std::optional<DecidingSession> deciding_session(const CompiledDirectory& directory,
                                                const SessionTable& sessions,
                                                const HeldSessions& held, UtcTime at) {
    Interval ignored;
    for (const HeldSessions::Holder& holder : held.at(at, ignored)) {
        if (!directory.find_holder(holder, at, sessions).bound) continue;
        DecidingSession found{.holder = identity_text(holder.identity),
                              .source = sessions.sources()[held.events[holder.event].source],
                              .time = held.interval_of(holder.event)};
        const HeldSessions* next =
            holder.mac.empty() ? nullptr : sessions.find(HeldKey::of(holder.mac));
        const auto behind =
            next == nullptr ? std::nullopt : deciding_session(directory, sessions, *next, at);
        const bool is_direct = directory.find_address({}, holder.mac, at).bound;
        if (behind && !is_direct) found.holder += ", " + behind->holder;
        return found;
    }
    return std::nullopt;
}

}  // namespace octroi
