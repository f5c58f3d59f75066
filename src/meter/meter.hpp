// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A meter: a configured source of readings. The driver (service/metering_loop) calls it:
//
//     until the source ends or the user stops:
//         pull()                      readings go to the sink
//         when a commit is due: checkpoint(), then the driver commits a batch
//         when the batch is in the ledger: committed()
//
// All calls come from one thread, and never at the same time. A meter must not block that thread
// for longer than `wait`. It does nothing before the first pull. The readings between two
// checkpoints and the cursors of the second one are about the same traffic: the driver commits them
// together.

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/rule_config.hpp"
#include "meter/name_table.hpp"
#include "record/batch.hpp"
#include "record/counter.hpp"
#include "record/reading_sink.hpp"
#include "record/source_tables.hpp"

namespace octroi {

enum class Pull {
    more,        // call again at once
    idle,        // nothing arrived within `wait`
    checkpoint,  // the meter requests a checkpoint: here is a place to continue from
    end,         // the source has ended; one more checkpoint() is due
};

struct Checkpoint {
    std::vector<Cursor> cursors;            // with versions already incremented
    std::vector<Loss> losses;               // since the last checkpoint
    std::vector<Translation> translations;  // created or ended since the last checkpoint
    // The volume since the last checkpoint, counted at the packet or record and not at the
    // readings: the ledger compares the two. A meter with numbers that are not bounded sums them
    // with ObservedVolume (record/volume_limits.hpp): attribution refuses impossible ones, and the
    // driver reports them as a loss.
    Volume observed;
};

// Counted volumes that one call of pull() or checkpoint() may hand over: the driver asks between
// two calls whether a batch is due, and one volume can make some 750 rows. A meter with more
// returns Pull::more; its cursor states which counters it has handed over.
inline constexpr std::size_t counted_volumes_of_a_pull_max = 1024;

class Meter {
public:
    virtual ~Meter() = default;

    // Reads for at most about `wait` and hands readings to the sink. An error ends the meter: the
    // readings before it are good, and checkpoint() may be called once more.
    [[nodiscard]] virtual Result<Pull> pull(ReadingSink& sink, Duration wait) = 0;

    // Hands over the readings that the meter still holds, and states where a restart continues.
    // After an error there is no checkpoint; what this one should have reported is in the next one.
    [[nodiscard]] virtual Result<Checkpoint> checkpoint(ReadingSink& sink) = 0;

    // The driver stops: the next checkpoint() is the last one. What the meter would record later,
    // such as a loss that it still measures, belongs into that one.
    virtual void on_stop() {}

    // The batch of the last checkpoint is in the ledger: the meter may delete what it kept to go
    // back to before that.
    virtual void committed() {}

    // The tables from now on, for meters that attribute where they count. Called before the first
    // pull, and directly after a checkpoint when they have changed. Never null.
    virtual void use_tables(const SourceTablesPtr& /*tables*/) {}
    // The same of [[rule]], for meters that count by rules.
    virtual void use_rules(const RulesPtr& /*rules*/) {}

    // The names that readings refer to (NameRef: row plus 1). Rows are added while the meter reads;
    // none changes. The names of a reading are there when it is handed over.
    [[nodiscard]] virtual const NameTable& names() const = 0;

    // Values of the component's counter table, in its order.
    [[nodiscard]] virtual std::vector<CounterValue> counters() const = 0;
};

}  // namespace octroi
