// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The volume of the batch that is being made, and its limits. The sums of the ledger end at 2^63-1;
// an exporter can send any number, by error or on purpose, and must not make a whole batch fail.

#include <algorithm>
#include <cstdint>
#include <utility>

#include "record/reading.hpp"
#include "record/transfer.hpp"
#include "record/volume_limits.hpp"

namespace octroi::normalize {

// Bytes, or packets, of one sender in one batch, that are counted as traffic, and as many again
// that are excluded as implausible. More is refused. The limit of one record is that of all
// meters (record/volume_limits.hpp). All senders together stay below the limit of a batch: none of
// them can make the records of another one be refused.
inline constexpr std::uint64_t sender_volume_max = std::uint64_t{1} << 48U;

// The volumes of one sender.
struct SenderVolume {
    // The largest record so far: the bound of a lost one, as far as can be known.
    std::uint64_t largest_record = 0;
    std::uint64_t batch = 0;  // the batch that those below are of
    struct Sum {
        std::uint64_t bytes = 0;
        std::uint64_t packets = 0;

        // False: the limit would be exceeded, and nothing was added.
        [[nodiscard]] bool add(const Reading& reading) noexcept {
            if (reading.bytes > sender_volume_max - bytes ||
                reading.packets > sender_volume_max - packets)
                return false;
            bytes += reading.bytes;
            packets += reading.packets;
            return true;
        }
    };
    Sum counted;
    Sum implausible;
};

class BatchVolume {
public:
    enum class Verdict : std::uint8_t { counts, implausible, refused };
    // Adds the reading to the volumes of its sender. is_plausible: of the reading itself. Beyond
    // the limit of a sender its readings are implausible too.
    [[nodiscard]] Verdict admit(SenderVolume& sender, const Reading& reading,
                                bool is_plausible) const noexcept {
        if (sender.batch != batch_) {
            sender.batch = batch_;
            sender.counted = sender.implausible = {};
        }
        if (is_plausible && sender.counted.add(reading)) {
            sender.largest_record = std::max(sender.largest_record, reading.bytes);
            return Verdict::counts;
        }
        return sender.implausible.add(reading) ? Verdict::implausible : Verdict::refused;
    }
    // The number of the batch; that of a sender without volume in it differs.
    [[nodiscard]] std::uint64_t batch() const noexcept { return batch_; }
    // A reading that goes to the sink.
    void add(const Reading& reading) noexcept {
        observed_ += {Bytes(reading.bytes), Packets(reading.packets), Flows(reading.flows)};
    }
    // The volume of the batch; the next one begins.
    [[nodiscard]] Volume drain() noexcept {
        ++batch_;
        return std::exchange(observed_, {});
    }

private:
    Volume observed_;
    std::uint64_t batch_ = 1;
};

}  // namespace octroi::normalize
