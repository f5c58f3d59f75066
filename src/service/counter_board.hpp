// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Where the threads of the daemon put their counters, for those who ask. A meter's thread publishes
// a copy about once a second, so that nobody reads a meter's own counters while it counts.

#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "record/batch.hpp"
#include "record/counter.hpp"

namespace octroi {

// Times are a monotonic clock's (Clock::uptime).
struct MeterCounters {
    struct Losses {
        std::uint64_t count = 0;
        std::uint64_t packets = 0;  // of those that state them
    };

    MeterName name;
    std::vector<CounterValue> values;  // Meter::counters(), then Attributor::counters()
    std::uint64_t commits = 0;
    std::uint64_t rows = 0;  // transfers committed
    Volume observed;         // by the batches that were committed
    Volume excluded;         // the part of `observed` that was excluded
    std::map<LossReason, Losses> losses;
    std::optional<Duration> last_commit;
    std::uint64_t waiting = 0;   // batches handed over and not committed yet
    bool is_finished = false;    // the thread has ended
    std::string failure;         // why the meter does not run; empty: it runs, or has ended well
    std::uint64_t failures = 0;  // times that it could not be opened, or failed
    std::optional<Duration> failed_since;  // of the first failure since it ran
    Duration down{0};                      // earlier times in which it did not run
    Duration last_progress;                // of the thread
};

// Of the source of the class table ([class_table]).
struct ClassRefreshCounters {
    std::uint64_t attempts = 0;
    std::uint64_t loads = 0;
    std::uint64_t failures = 0;
    bool is_held = false;              // a table waits for `octroi class accept`
    std::string problem;               // why the last attempt put no table in force; empty: it did
    std::optional<UtcTime> last_good;  // the last attempt that did not fail
};

struct DaemonCounters {
    bool has_begun = false;  // all meters are open, or could not be opened
    bool has_ended = false;  // no batch will be committed any more
    std::vector<MeterCounters> meters;
    std::uint64_t commit_failures = 0;
    std::string commit_error;  // why the last commit failed; empty: it did not
    std::uint64_t reloads = 0;
    std::uint64_t reloads_refused = 0;
    // When the configuration in force was read. None: that is not known yet.
    std::optional<UtcTime> config_loaded;
    Duration last_progress;  // of the committing thread
    ClassRefreshCounters classes;
};

class CounterBoard {
public:
    // ---- on the committing thread

    // The meters that can be opened are open; their threads start after this. To be called once.
    void begin(const std::vector<MeterName>& meters, Duration uptime);
    void end();
    void on_progress(Duration uptime);
    void on_committed(std::size_t meter, const Batch& batch, Duration uptime);
    void on_commit_failed(const std::string& why);
    // The daemon starts with a configuration that was read now.
    void on_config_loaded(UtcTime now);
    void on_reloaded(UtcTime now);
    void on_reload_refused();
    // The meter could not be opened, or has failed and is closed.
    void on_meter_failed(std::size_t meter, const std::string& why, Duration uptime);
    // It is open again; its thread starts after this.
    void on_reopened(std::size_t meter, Duration uptime);

    // ---- on the thread of the meter with this number, as begin() got them

    // Cheap: to be called after each pull.
    void on_meter_progress(std::size_t meter, Duration uptime);
    void publish(std::size_t meter, std::vector<CounterValue> values);
    // Before the batch is handed over: it may be committed before the caller knows.
    void on_hand_over(std::size_t meter);
    void on_finished(std::size_t meter);

    // ---- on any thread

    struct ClassRefreshed {
        bool is_loaded = false;
        bool is_failed = false;
        bool is_held = false;
        std::string problem;
        UtcTime at;
    };
    void on_class_refresh(const ClassRefreshed& outcome);
    [[nodiscard]] DaemonCounters snapshot() const;

private:
    struct Entry {
        MeterCounters counters;
        std::atomic<std::int64_t> progress_ns = 0;
    };

    mutable std::mutex mutex_;
    DaemonCounters daemon_;      // its meters are in entries_
    std::deque<Entry> entries_;  // does not change after begin()
    std::atomic<std::int64_t> progress_ns_ = 0;
};

}  // namespace octroi
