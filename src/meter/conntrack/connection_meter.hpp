// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Meters the connections that the kernel tracks. Their counters are read, and never reset.
//
// - The kernel's table is listed once for each `poll`: what a live connection has carried since the
//   last listing becomes readings. The event of its end states the final counters: the rest.
// - Each checkpoint writes the last counters of the live connections (connection_table.hpp) to a
//   state file, which the cursor names. After a kill, connections that are still alive count
//   exactly.
// - The connections that live when a new meter starts are where it begins: only what they carry
//   from then on counts.
//
// - `filter` chooses the connections with readings. The meter knows the others too: what they carry
//   while they do not match never counts, and after that they count.
//
// Losses have the source "conntrack". not_running: connections ended, or began and ended, while the
// meter did not run; or they have no counters (they began while nf_conntrack_acct was 0).
// event_drop: the kernel dropped events, or a connection ended without an event. counter_reset:
// another program has set counters to 0. All are bounded by what the namespace has carried less the
// counted volume (traffic_totals.hpp); where that is nothing, there is no loss. They are recorded
// some listings later (loss_tracker.hpp), and in the last checkpoint.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/connection_host.hpp"
#include "host/folder.hpp"
#include "meter/conntrack/connection_filter.hpp"
#include "meter/conntrack/connection_readings.hpp"
#include "meter/conntrack/connection_table.hpp"
#include "meter/conntrack/counters.hpp"
#include "meter/conntrack/loss_tracker.hpp"
#include "meter/conntrack/recent_ends.hpp"
#include "meter/conntrack/tracking_position.hpp"
#include "meter/meter.hpp"
#include "meter/state/state_files.hpp"

namespace octroi::conntrack {

inline constexpr std::string_view tracking_source = "conntrack:table";

struct ConnectionMeterOptions {
    Duration poll = Duration::seconds(10);
    std::size_t connection_limit = 1'000'000;
    std::uint32_t socket_octets = 64U << 20U;
    std::uint64_t link_bits_per_second = 800'000'000'000;
    ConnectionFilter filter;
    std::string state_folder;          // of this meter alone
    ConnectionTable::Secret secret{};  // random
};

class ConnectionMeter final : public Meter {
public:
    // known: this meter's cursors. The settings of the kernel are as the meter needs them: counters
    // are on. Errors: unsupported (nothing is tracked here), those of ConnectionHost and OwnFolder.
    [[nodiscard]] static Result<std::unique_ptr<ConnectionMeter>> open(
        const ConnectionMeterOptions& options, std::unique_ptr<ConnectionHost> host,
        std::span<const Cursor> known);

    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    void committed() override;
    void on_stop() override { is_stopping_ = true; }
    [[nodiscard]] const NameTable& names() const override { return names_; }
    [[nodiscard]] std::vector<CounterValue> counters() const override;
    // Why an earlier state could not be used; empty: it could, or there is none.
    [[nodiscard]] const std::string& warning() const noexcept { return warning_; }

private:
    ConnectionMeter(const ConnectionMeterOptions& options, std::unique_ptr<ConnectionHost> host,
                    OwnFolder folder);

    [[nodiscard]] Status resume(std::span<const Cursor> known);
    void drop_state(const std::string& why, UtcTime since);
    [[nodiscard]] Status begin_listing();
    [[nodiscard]] Status end_listing();
    [[nodiscard]] Result<TrafficTotals> read_totals();

    static void on_message(void* meter, ConnectionSource::Kind kind, ByteSpan message);
    void on_listed(const Entry& entry);
    void on_begun(const Entry& entry);
    void on_ended(const Entry& entry);
    void post_whole(const Entry& entry, UtcTime last);
    void post_increase(const Entry& entry, PostedConnection& posted, UtcTime last);
    void post(const Entry& entry, const ConnectionIncrease& increase);
    static void note_posted(const Entry& entry, PostedConnection& posted, UtcTime until);
    [[nodiscard]] UtcTime begun_at() const;
    void remove(const ConnectionKey& key, PostedConnection* posted, UtcTime start);
    [[nodiscard]] bool precedes_meter(const Entry& entry) const;
    void add_refused();
    // Since the last complete listing, or the last call.
    [[nodiscard]] LossSigns drain_signs(std::uint64_t unseen_ends);
    [[nodiscard]] Status record_last_loss();
    void add_not_running(UtcTime from, UtcTime until, std::optional<Count> bound);

    ConnectionMeterOptions options_;
    std::unique_ptr<ConnectionHost> host_;
    OwnFolder folder_;
    StateFiles files_;
    ConnectionTable table_;
    ConnectionReadings readings_;
    RecentEnds recent_ends_;
    TrackingCounts counts_;
    NameTable names_;
    Cursor cursor_;
    std::string state_file_;  // of the last checkpoint
    std::string warning_;
    std::string generation_;

    std::unique_ptr<ConnectionSource> source_;
    UtcTime reading_at_;  // of the read in progress
    UtcTime drained_at_;  // all events of before that moment were read
    bool listing_ = false;
    Duration listed_at_;     // uptime at the begin of the last listing
    Duration listing_took_;  // the last one
    bool was_listed_ = false;
    bool relist_ = false;  // events were lost: list again at once

    TrackingPosition position_;  // where the bound of the next loss begins
    TrackingPosition next_;      // of the listing in progress
    LossTracker tracker_;
    LossSigns signs_;               // since the last complete listing
    bool lost_in_listing_ = false;  // events, since the listing in progress began
    bool is_tombstone_refused_ = false;
    Count early_ends_;  // of connections that ended before the first listing was complete
    std::uint64_t other_bytes_ = 0;
    bool wants_checkpoint_ = false;
    bool is_stopping_ = false;
    std::vector<Loss> losses_;  // since the last checkpoint
};

}  // namespace octroi::conntrack
