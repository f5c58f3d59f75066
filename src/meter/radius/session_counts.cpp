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
        session.counted = Counted{accounting.volume.value_or(SessionVolume{}), at};
        return;
    }
    if (!accounting.volume) return;
    if (!session.counted) {
        const UtcTime begin = at - length_of(accounting);
        const Interval interval{std::min(begin, at - Duration{1}), at};
        losses_.push_back({LossReason::not_running, interval, octets_of(*accounting.volume)});
        session.counted = Counted{*accounting.volume, at};
        return;
    }
    const Counted before = *session.counted;
    if (at < before.at) return;  // the later request has this volume, too
    const VolumeIncrease increase = volume_increase(before.volume, *accounting.volume,
                                                    at - before.at, policy_.link_bits_per_second);
    session.counted = Counted{*accounting.volume, at};
    if (increase.has_begun_again)
        losses_.push_back(
            {LossReason::counter_reset, {before.at, std::max(at, before.at + Duration{1})}, {}});
    traffic_.push_back({session.user, session.address, session.station, before.at, at, increase.by,
                        increase.is_implausible});
}

}  // namespace octroi::radius_meter
