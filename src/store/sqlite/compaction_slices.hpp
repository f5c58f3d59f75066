// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The slices of a compaction: what they have done, the rests between them, and whether the caller
// wants them to go on.

#include "ledger/compaction.hpp"
#include "store/sqlite/slice_rest.hpp"

namespace octroi::sqlite {

class CompactionSlices {
public:
    // pause: must outlive it.
    explicit CompactionSlices(const CompactionPause& pause) : pause_(pause) {}

    // Runs one slice, rests, and asks the caller whether to go on.
    template <typename Slice>
    [[nodiscard]] Status run(Slice slice) {
        const Status done = rest_.run(slice);
        if (done) static_cast<void>(go_on());
        return done;
    }
    // Asks the caller, outside of any transaction. False: stop.
    [[nodiscard]] bool go_on() {
        stopped_ = stopped_ || (pause_ && !pause_(progress));
        return !stopped_;
    }
    [[nodiscard]] bool stopped() const noexcept { return stopped_; }

    CompactionProgress progress;

private:
    const CompactionPause& pause_;
    SliceRest rest_;
    bool stopped_ = false;
};

}  // namespace octroi::sqlite
