// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The sessions that NAS report, and the identity events that follow from their requests. No clock,
// no socket. One thread.
//
// The user of a session holds its addresses, its prefixes and the MAC address of its station, from
// the start to the stop. Without a user, the MAC address holds the addresses. A stop ends only what
// no later session of another user has; Accounting-On and -Off end the sessions of their NAS
// (RFC 2866 sections 4.1 and 5.1). Requests may come late and in any order: an event has the time
// of its request.
//
// Memory: at most session_limit sessions of some 500 octets each, 2 KiB if NAS use long names; the
// oldest are evicted.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "record/identity_event.hpp"
#include "record/transfer.hpp"
#include "wire/radius/accounting.hpp"

namespace octroi::radius_meter {

struct SessionPolicy {
    std::vector<Prefix> networks;  // addresses that count; empty: all
    // A session without a stop ends that long after its last statement. A request repeats the
    // statement when half of the time has passed.
    Duration valid_for = Duration::hours(24 * 7);
    std::size_t session_limit = 200'000;
    // The volumes that NAS state become SessionTraffic.
    bool counts_volumes = false;
    std::uint64_t link_bits_per_second = 800'000'000'000;  // of the fastest link of a session
};

// What a session carried between two requests.
struct SessionTraffic {
    std::string user;  // the value of an identity; empty: not known
    Address address;   // of the session; empty: not known
    Mac station;       // empty: not known
    UtcTime begin;
    UtcTime end;
    radius::SessionVolume volume;
    bool is_implausible = false;  // more than the link carries
};

// Volume of a session that is known not to be counted.
struct SessionLoss {
    LossReason reason = LossReason::counter_reset;
    Interval interval;
    std::optional<std::uint64_t> bytes_bound;
};

struct SessionCounts {
    std::uint64_t events = 0;
    std::uint64_t late = 0;       // requests that are older than another one of their session
    std::uint64_t outside = 0;    // addresses outside of the networks
    std::uint64_t bad_users = 0;  // a User-Name that no identity can have
    std::uint64_t evicted = 0;    // sessions, because there were too many
};

// The counts of the latest request of a session that had some.
struct LatestCounts {
    radius::SessionVolume volume;
    UtcTime at;
    std::uint32_t session_seconds = 0;  // 0: not stated, or before a restart
    // A start has come since. Not in the snapshot.
    bool may_begin_again = false;
};

class AccountingSessions {
public:
    explicit AccountingSessions(SessionPolicy policy) : policy_(std::move(policy)) {}

    // client: the sender of the request. at: event_time(), of a request that is not too old.
    void on_request(const radius::Accounting& accounting, const Address& client, UtcTime at);
    // Removes sessions that ended, or had no request for policy.valid_for. Call it now and then.
    void expire(UtcTime now);

    // The events since the last call.
    [[nodiscard]] std::vector<IdentityEvent> drain_events();
    // The volumes and losses since the last call, with policy.counts_volumes.
    [[nodiscard]] std::vector<SessionTraffic> drain_traffic() {
        return std::exchange(traffic_, {});
    }
    [[nodiscard]] std::vector<SessionLoss> drain_losses() { return std::exchange(losses_, {}); }
    [[nodiscard]] const SessionCounts& counts() const noexcept { return counts_; }
    // Sessions without a stop.
    [[nodiscard]] std::size_t open_sessions() const noexcept { return open_; }

    // The state, for a restart.
    [[nodiscard]] std::string save() const;
    // Replaces all sessions. Errors: corrupt, unsupported (another version wrote it); then there is
    // no session.
    [[nodiscard]] Status restore(std::string_view octets);

private:
    struct Statement {
        Identity held;
        Identity holder;
    };
    // An address, prefix or MAC address of a session.
    struct Held {
        Statement statement;
        UtcTime first;   // of the events
        UtcTime stated;  // of the last event
    };
    using Counted = LatestCounts;
    struct Session {
        std::vector<Held> held;
        std::optional<Counted> counted;
        // Of the requests so far, for the volumes.
        std::string user;
        Address address;
        Mac station;
        UtcTime last;                   // of the latest request
        std::optional<UtcTime> closed;  // by a stop, or by the NAS
        // By Accounting-On or -Off. Not in the snapshot.
        bool is_ended_by_nas = false;
    };
    using Sessions = std::map<std::string, Session>;  // by NAS and Acct-Session-Id
    // The session that an address was last stated for.
    struct Owner {
        std::string session;
        UtcTime at;    // of the last event about it
        UtcTime seen;  // of the last request of the session that stated it
    };

    [[nodiscard]] std::optional<Identity> user_of(const radius::Accounting& accounting);
    [[nodiscard]] std::vector<Statement> statements_of(const radius::Accounting& accounting);
    [[nodiscard]] Duration length_of(const radius::Accounting& accounting) const;
    [[nodiscard]] Sessions::iterator find_or_add(const std::string& key, UtcTime at);
    // is_first: no request of the session is known.
    void on_session(Sessions::iterator session, const radius::Accounting& accounting, UtcTime at,
                    bool is_first);
    // length: for how long before `at` the session has had what the request states first.
    // A request that does not open the session again.
    void on_ended_session(const Session& session, const radius::Accounting& accounting, UtcTime at);
    void open_again(Sessions::iterator session);
    void on_alive(Sessions::iterator session, const radius::Accounting& accounting, UtcTime at,
                  Duration length);
    void on_stop(Sessions::iterator session, const radius::Accounting& accounting, UtcTime at,
                 Duration length);
    void on_restart(const std::string& nas, UtcTime at);
    void count(Session& session, const radius::Accounting& accounting, UtcTime at);
    void count_increase(Session& session, const radius::Accounting& accounting, UtcTime at);
    // A loss of what the request states beyond the counts of a session that ended.
    void add_uncounted(const Session& session, const radius::Accounting& accounting, UtcTime closed,
                       UtcTime at);
    void describe(Session& session, const radius::Accounting& accounting) const;
    void close(Sessions::iterator session, UtcTime at);
    void state(Sessions::iterator session, const Statement& statement, UtcTime at, Duration length);
    void end_replaced_address(Sessions::iterator session, const radius::Accounting& accounting,
                              UtcTime at);
    void end_holding(const std::string& session, const Held& held, UtcTime at);
    [[nodiscard]] UtcTime begin_of(const std::string& session, const Identity& held, UtcTime at,
                                   Duration length) const;
    void own(const std::string& session, const Identity& held, UtcTime at);
    void see(const std::string& session, const Identity& held, UtcTime at);
    [[nodiscard]] bool is_owned_by(const std::string& session, const Statement& statement) const;
    void push(UtcTime at, const Statement& statement, UtcTime until);
    void drop_owner(const std::string& session, const Identity& held);
    void move_last(Sessions::iterator session, UtcTime at);
    void remove(Sessions::iterator session);
    [[nodiscard]] bool restore_session(ByteCursor& in);
    static void put_volume(ByteWriter& out, const Session& session);
    [[nodiscard]] static bool get_volume(ByteCursor& in, Session& session);

    SessionPolicy policy_;
    Sessions sessions_;
    std::set<std::pair<UtcTime, std::string>> by_last_;  // the sessions, by Session::last
    std::set<std::pair<UtcTime, std::string>> closed_;   // those that ended, by Session::closed
    std::map<Identity, Owner> owners_;
    std::vector<IdentityEvent> events_;
    std::vector<SessionTraffic> traffic_;
    std::vector<SessionLoss> losses_;
    SessionCounts counts_;
    std::size_t open_ = 0;
};

}  // namespace octroi::radius_meter
