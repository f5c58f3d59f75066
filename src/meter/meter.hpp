// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A meter: a configured source of readings. The driver (app/) owns the loop:
//
//     until the source ends or the user stops:
//         pull()                      readings go to the sink
//         when a commit is due: checkpoint(), then commit what the sink made of it with its cursors
//
// All calls come from one thread, which the meter may not block for longer than `wait`. A meter is
// inert until the first pull. What a meter has handed to the sink between two checkpoints, and the
// cursors of the second one, stand for the same traffic: the driver commits them together.

#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "record/batch.hpp"
#include "record/counter.hpp"
#include "record/name.hpp"
#include "record/reading_sink.hpp"

namespace octroi {

enum class Pull {
    more,        // call again at once
    idle,        // nothing came within `wait`
    checkpoint,  // the meter asks for a checkpoint here (a place that a restart will find again)
    end,         // the source has ended; a last checkpoint() is due
};

struct Checkpoint {
    std::vector<Cursor> cursors;            // version already raised by one
    std::vector<Loss> losses;               // since the last checkpoint
    std::vector<Translation> translations;  // begun or ended since the last checkpoint
    // All that was observed since the last checkpoint, counted at the packet and not by summing the
    // readings: the ledger compares the two.
    Volume observed;
};

class Meter {
public:
    virtual ~Meter() = default;

    // Reads on for at most about `wait` and hands readings to the sink. An error ends the meter:
    // what was read before it is still good, and checkpoint() may be called once more.
    [[nodiscard]] virtual Result<Pull> pull(ReadingSink& sink, Duration wait) = 0;

    // Hands over all that the meter still holds for the time until now, and says where it stands.
    [[nodiscard]] virtual Result<Checkpoint> checkpoint(ReadingSink& sink) = 0;

    // The batch of the last checkpoint is in the ledger for good: what the meter kept for going
    // back before it may go.
    virtual void committed() {}

    // The names that readings refer to (NameRef: row plus 1). Rows are added while the meter reads;
    // none changes. The names of a reading are there when it is handed over.
    [[nodiscard]] virtual std::span<const Name> names() const = 0;

    // Values of the component's counter table, in its order.
    [[nodiscard]] virtual std::vector<CounterValue> counters() const = 0;
};

}  // namespace octroi
