// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The metering loop: pulls readings from one meter, makes a batch when one is due, and hands it
// over. The daemon, imports and `octroi top` run this loop; they differ in their BatchTarget.

#include <optional>
#include <string>

#include "host/clock.hpp"
#include "meter/meter.hpp"
#include "service/metering.hpp"

namespace octroi {

// Where the batches of a loop go. Called on the loop's thread.
class BatchTarget {
public:
    virtual ~BatchTarget() = default;

    // After each pull, and after the batch that it made due. False: the loop makes its last batch
    // and ends.
    [[nodiscard]] virtual bool go_on() = 0;
    // How long after the last batch (or the start) the next one is due. It may change while the
    // loop runs. nullopt: only where the meter asks for a checkpoint.
    [[nodiscard]] virtual std::optional<Duration> commit_interval() const = 0;
    // The last batch is committed: put() would not wait.
    [[nodiscard]] virtual bool is_ready() const = 0;
    // Receives a batch; may wait. After an error the loop ends at once, without a last batch.
    [[nodiscard]] virtual Status put(Batch batch) = 0;
    // Whether new_tables() would return some. Asked after each pull: a batch is due then, so that
    // the readings until now keep the old tables and the next ones get the new.
    [[nodiscard]] virtual bool has_new_tables() const { return false; }
    // New tables for readings from now on, if there are. Asked after each batch.
    [[nodiscard]] virtual std::optional<AttributionTables> new_tables() { return std::nullopt; }
    // New sessions for readings from now on, if there are. Asked after each pull; no batch is due.
    [[nodiscard]] virtual std::optional<SessionsPtr> new_sessions() { return std::nullopt; }
};

class MeteringLoop {
public:
    // pull_wait: how long one pull may wait for readings. Meter, target and clock must outlive the
    // loop.
    MeteringLoop(MeterName name, Meter& meter, const AttributionTables& tables, BatchTarget& target,
                 const Clock& clock, Duration pull_wait);

    // Until the meter ends, the target stops it, or an error. The last batch holds all that was
    // read, also after an error of the meter.
    [[nodiscard]] Status run();

    // The parts of run(), for callers that do other work between two pulls.
    // One pull, and a batch when one is due. False: the meter has ended or the target stops it.
    [[nodiscard]] Result<bool> step();
    // The last batch: all that was read since the one before.
    [[nodiscard]] Status finish() { return hand_over(Which::last); }

    // Metering::counters(). On the loop's thread.
    [[nodiscard]] std::vector<CounterValue> counters() const { return metering_.counters(); }

private:
    enum class Which { next, last };
    [[nodiscard]] bool is_due(Pull pull) const;
    [[nodiscard]] Status hand_over(Which which);
    void note_committed();

    Metering metering_;
    BatchTarget& target_;
    const Clock& clock_;
    Duration pull_wait_;
    Duration last_batch_;       // uptime of the last batch that was due, or of the start
    std::string problem_;       // why the last batch could not be made; empty: it could
    bool uncommitted_ = false;  // a batch was put, and is not known to be committed
    bool target_has_failed_ = false;
};

// How soon a batch is due that has statements of who held an address: other meters wait for it.
inline constexpr Duration identity_delay = Duration::seconds(1);

// At level debug.
void log_committed(const Batch& batch);

// How long to wait after a batch that could not be made or committed. An attempt is not cheap: a
// collector writes a snapshot.
inline constexpr Duration retry_interval = Duration::seconds(2);

// An error that may go away: the same call may succeed later.
[[nodiscard]] bool is_transient(const Error& error);

}  // namespace octroi
