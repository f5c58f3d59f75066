// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Decides when traffic that may be missing is recorded as a loss, and with which bound.
//
// The bound is what the namespace has carried since a position, less the posted volume
// (traffic_totals.hpp). That contains what live connections have carried and the meter has not read
// yet. So it is close when little passed during the listing. Therefore:
//
// - A loss is recorded after a listing in which the traffic that passed meanwhile is at most a
//   tenth of the bound. While there is no such listing, the meter lists again, and the smallest
//   bound counts: a loss never shrinks, so each later bound covers it.
// - After settle_listings_max listings it is recorded in any case.
// - The position moves only at a listing without a sign of a loss. Until then the recorded part is
//   subtracted, so that two losses never contain the same octets, and what one of them contains too
//   much is in no later one.
//
// While connections without counters live, their volume is recorded once an hour, and when the
// last one has ended. While connections are beyond connection_limit, the position stays: when none
// is left, all of their volume was posted, or is a loss.
//
// One thread.

#include <cstdint>
#include <optional>

#include "meter/conntrack/tracking_position.hpp"
#include "record/transfer.hpp"

namespace octroi::conntrack {

// A loss of traffic of connections. bound: absent: not known. The clock may have been set back: an
// interval that ends before it begins is turned round.
[[nodiscard]] Loss tracking_loss(LossReason reason, const Interval& interval,
                                 const std::optional<Count>& bound);

// What the last listing, and the time before it, have shown.
struct LossSigns {
    bool is_resumed = false;       // the first listing after a restart
    bool has_lost_events = false;  // the kernel dropped events
    bool has_reset = false;        // another program has set counters to 0
    std::uint64_t unseen_ends = 0;
    std::uint64_t uncounted = 0;  // messages about connections without counters
    std::uint64_t refused = 0;    // messages about connections beyond the limit of the table

    // Traffic may be missing from now on.
    [[nodiscard]] bool has_any() const noexcept {
        return is_resumed || has_lost_events || has_reset || unseen_ends > 0;
    }
};

struct CompleteListing {
    TrackingPosition begin;  // when it began; `posted`: since then
    TrafficTotals totals;    // when it was complete
    UtcTime time;            // then
};

class LossTracker {
public:
    static constexpr int settle_listings_max = 30;
    static constexpr Duration uncounted_interval = Duration::hours(1);

    // A listing is complete. Moves the position if nothing is missing since then. Returns the loss
    // to record now.
    [[nodiscard]] std::optional<Loss> on_listed(const LossSigns& signs, CompleteListing listing,
                                                TrackingPosition& position);
    // The meter stops: returns the loss that is not recorded yet. signs: since the last listing.
    [[nodiscard]] std::optional<Loss> on_stop(const LossSigns& signs, const TrafficTotals& now,
                                              UtcTime time, TrackingPosition& position);
    // A loss waits for another listing.
    [[nodiscard]] bool wants_listing() const noexcept { return reason_.has_value(); }

private:
    void add_signs(const LossSigns& signs, UtcTime time);
    void add_reason(LossReason reason);
    // After a bound was computed. Forced: whether it is close or not.
    [[nodiscard]] std::optional<Loss> settle(TrackingPosition& position, UtcTime time);
    [[nodiscard]] Loss loss_until(const TrackingPosition& position, UtcTime time,
                                  std::optional<Count> bound);

    std::optional<LossReason> reason_;  // of the loss that is not recorded yet
    std::optional<Count> best_;         // the smallest bound since the last sign
    int listings_ = 0;                  // since the first sign
    bool has_uncounted_ = false;
    bool has_refused_ = false;
    UtcTime uncounted_recorded_ = UtcTime::min();
    UtcTime recorded_until_ = UtcTime::min();
};

}  // namespace octroi::conntrack
