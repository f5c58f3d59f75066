// SPDX-License-Identifier: GPL-3.0-or-later
// The volumes of AccountingSessions.
#include <algorithm>

#include "meter/radius/accounting_sessions.hpp"
#include "meter/radius/session_volume.hpp"
#include "record/identity_values.hpp"

namespace octroi::radius_meter {

using radius::Accounting;
using radius::SessionVolume;
using radius::StatusType;

namespace {

std::uint64_t octets_of(const SessionVolume& volume) {
    return volume.input_octets > UINT64_MAX - volume.output_octets
               ? UINT64_MAX
               : volume.input_octets + volume.output_octets;
}

// Whether the request is of before the counts, in one session: by Acct-Session-Time where both
// state it (0: not stated), because a clock may step back.
bool is_older(const Accounting& accounting, UtcTime at, const LatestCounts& counts) {
    if (accounting.session_seconds > 0 && counts.session_seconds > 0)
        return accounting.session_seconds < counts.session_seconds;
    return at < counts.at;
}

bool is_any_smaller(const SessionVolume& now, const SessionVolume& before) {
    return now.input_octets < before.input_octets || now.output_octets < before.output_octets;
}

// By its Acct-Session-Time, the session has begun after that time: another one with the same id.
// A second is what the times are rounded by.
bool began_after(const Accounting& accounting, UtcTime at, UtcTime time) {
    if (accounting.session_seconds == 0) return false;
    return at - Duration::seconds(accounting.session_seconds) + Duration::seconds(1) >= time;
}

}  // namespace

// The address of IPv4 before those of IPv6: most NAS state it in each request.
void AccountingSessions::describe(Session& session, const Accounting& accounting) const {
    if (const auto user = user_identity(accounting.user)) session.user = user->value;
    if (!accounting.station.empty()) session.station = accounting.station;
    for (const Prefix& prefix : accounting.prefixes) {
        const bool is_better = session.address.empty() || prefix.address.family == Family::v4;
        if (is_better) session.address = prefix.address;
    }
}

// A session that was seen from its start counts from 0. Of another one the first request is where
// the meter begins, and the volume before that is a loss: nobody knows whether it was counted.
void AccountingSessions::count(Session& session, const Accounting& accounting, UtcTime at) {
    describe(session, accounting);
    if (accounting.status == StatusType::start) {
        if (!session.counted)
            session.counted = Counted{accounting.volume.value_or(SessionVolume{}), at};
        else if (at >= session.counted->at)
            session.counted->may_begin_again = true;
        return;
    }
    if (!accounting.volume) return;
    if (!session.counted) {
        const UtcTime begin = at - length_of(accounting);
        const Interval interval{std::min(begin, at - Duration{1}), at};
        losses_.push_back({LossReason::not_running, interval, octets_of(*accounting.volume)});
        session.counted = Counted{*accounting.volume, at, accounting.session_seconds};
        return;
    }
    count_increase(session, accounting, at);
}

// The order of the counts decides, not that of the times: a clock of a NAS may step back.
void AccountingSessions::count_increase(Session& session, const Accounting& accounting,
                                        UtcTime at) {
    const Counted before = *session.counted;
    const SessionVolume& now = *accounting.volume;
    const bool is_late = is_older(accounting, at, before);
    const bool is_smaller = is_any_smaller(now, before.volume);
    const UtcTime begin = std::min(at, before.at);
    const UtcTime end = std::max(at, before.at);
    // A start behind counts is a repetition without a time of its own, or the id is used again.
    const bool began_since = began_after(accounting, at, before.at);
    const bool may_be_new =
        before.may_begin_again && (accounting.session_seconds == 0 || began_since);
    const bool is_new_session =
        is_smaller ? began_since || may_be_new : began_since && before.may_begin_again;
    if (is_smaller && is_late && !is_new_session) return;  // the later request has this volume, too
    const SessionVolume base =
        before.may_begin_again && is_new_session ? SessionVolume{} : before.volume;
    const VolumeIncrease increase =
        volume_increase(base, now, end - begin, policy_.link_bits_per_second);
    if (increase.has_begun_again && !is_new_session) {
        // Nobody knows what the smaller counts have in common with those before, which stay: a
        // request that overtook them would count twice.
        losses_.push_back({LossReason::counter_reset,
                           {begin, std::max(end, begin + Duration{1})},
                           octets_of(now)});
        return;
    }
    session.counted = Counted{now, end, accounting.session_seconds};
    if (increase.has_begun_again)
        losses_.push_back(
            {LossReason::counter_reset, {begin, std::max(end, begin + Duration{1})}, {}});
    traffic_.push_back({session.user, session.address, session.station, begin, end, increase.by,
                        increase.is_implausible});
}

void AccountingSessions::add_uncounted(const Session& session, const Accounting& accounting,
                                       UtcTime closed, UtcTime at) {
    if (!accounting.volume || !session.counted) return;
    const SessionVolume& before = session.counted->volume;
    const std::uint64_t counted = octets_of(before);
    const std::uint64_t stated = octets_of(*accounting.volume);
    if (is_any_smaller(*accounting.volume, before) || stated <= counted) return;
    const UtcTime begin = std::min(at, closed);
    losses_.push_back({LossReason::truncated,
                       {begin, std::max({at, closed, begin + Duration{1}})},
                       stated - counted});
}

}  // namespace octroi::radius_meter
