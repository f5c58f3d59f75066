// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/loss_tracker.hpp"

#include <algorithm>
#include <utility>

namespace octroi::conntrack {
namespace {

// Of a bound: the traffic during the listing that is in it.
constexpr std::uint64_t close_part = 10;

Count smaller(const Count& a, const Count& b) {
    return {std::min(a.bytes, b.bytes), std::min(a.packets, b.packets)};
}

LossReason reason_of(const LossSigns& signs) {
    if (signs.is_resumed) return LossReason::not_running;
    if (signs.has_lost_events || signs.unseen_ends > 0) return LossReason::event_drop;
    return LossReason::counter_reset;
}

}  // namespace

Loss tracking_loss(LossReason reason, const Interval& interval, const std::optional<Count>& bound) {
    const auto [from, until] = interval;
    Loss loss{"conntrack",
              reason,
              {std::min(from, until), std::max({from, until, from + Duration{1}})},
              std::nullopt,
              std::nullopt};
    if (bound) {
        loss.packets = bound->packets;
        loss.bytes_bound = bound->bytes;
    }
    return loss;
}

// The first reason stays: a restart or lost events explain more than what follows from them.
void LossTracker::add_reason(LossReason reason) {
    if (!reason_ || *reason_ == LossReason::counter_reset) reason_ = reason;
    best_.reset();
}

void LossTracker::add_signs(const LossSigns& signs, UtcTime time) {
    if (signs.has_any()) add_reason(reason_of(signs));
    const bool has_uncounted = signs.uncounted > 0;
    const bool was_recorded =
        uncounted_recorded_ != UtcTime::min() && time - uncounted_recorded_ < uncounted_interval;
    if ((has_uncounted && !was_recorded) || (has_uncounted_ && !has_uncounted)) {
        add_reason(LossReason::not_running);
        uncounted_recorded_ = has_uncounted ? time : UtcTime::min();
    }
    has_uncounted_ = has_uncounted;
    if (std::exchange(has_refused_, signs.refused > 0) && !has_refused_)
        add_reason(LossReason::event_drop);
}

Loss LossTracker::loss_until(const TrackingPosition& position, UtcTime time,
                             std::optional<Count> bound) {
    UtcTime from = std::max(position.time, recorded_until_);
    if (from == UtcTime::min()) from = position.meter_start;
    Loss loss = tracking_loss(reason_.value_or(LossReason::event_drop), {from, time}, bound);
    recorded_until_ = time;
    reason_.reset();
    best_.reset();
    listings_ = 0;
    return loss;
}

std::optional<Loss> LossTracker::settle(TrackingPosition& position, UtcTime time) {
    const Count bound = *best_;
    Loss loss = loss_until(position, time, bound);
    if (bound == Count{}) return std::nullopt;
    position.recorded = {position.recorded.bytes + bound.bytes,
                         position.recorded.packets + bound.packets};
    return loss;
}

std::optional<Loss> LossTracker::on_listed(const LossSigns& signs, CompleteListing listing,
                                           TrackingPosition& position) {
    add_signs(signs, listing.time);
    std::optional<Loss> loss;
    bool may_move = !has_uncounted_ && !has_refused_;
    if (reason_) {
        ++listings_;
        const auto bound = position.unposted(listing.totals);
        if (!bound) {
            loss = loss_until(position, listing.time, std::nullopt);
            may_move = true;
        } else {
            best_ = best_ ? smaller(*best_, *bound) : *bound;
            const auto meanwhile = listing.begin.unposted(listing.totals);
            const bool is_close =
                *best_ == Count{} || (meanwhile && meanwhile->bytes <= best_->bytes / close_part);
            const bool is_settled = is_close || listings_ >= settle_listings_max;
            if (is_settled) loss = settle(position, listing.time);
            // A loss that goes on must not contain the recorded octets again.
            may_move = may_move && is_settled && !loss && !signs.has_any();
        }
    }
    const bool has_refused = position.has_refused || listing.begin.has_refused;
    const UtcTime listed = listing.begin.listed;
    if (may_move) {
        position = std::move(listing.begin);
    } else {
        position.listed = listed;
        position.has_refused = has_refused;
    }
    return loss;
}

std::optional<Loss> LossTracker::on_stop(const LossSigns& signs, const TrafficTotals& now,
                                         UtcTime time, TrackingPosition& position) {
    if (signs.has_any()) add_reason(reason_of(signs));
    if (signs.uncounted > 0 || has_uncounted_) add_reason(LossReason::not_running);
    if (!reason_) return std::nullopt;
    const auto bound = position.unposted(now);
    if (!bound) return loss_until(position, time, std::nullopt);
    best_ = best_ ? smaller(*best_, *bound) : *bound;
    return settle(position, time);
}

}  // namespace octroi::conntrack
