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

// Bytes, or packets, of one exporter, and of all of them, in one batch. The limit of one record is
// that of all meters (record/volume_limits.hpp).
inline constexpr std::uint64_t exporter_volume_max = std::uint64_t{1} << 49U;
inline constexpr std::uint64_t batch_volume_max = std::uint64_t{1} << 52U;

// The volumes of one exporter.
struct ExporterVolume {
    // The largest record so far: the bound of a lost one, as far as can be known.
    std::uint64_t largest_record = 0;
    std::uint64_t batch = 0;  // the batch that the two below are of
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
};

class BatchVolume {
public:
    // Counts the reading for its exporter. False: a limit is exceeded, and nothing was counted.
    [[nodiscard]] bool admit(ExporterVolume& exporter, const Reading& reading) const noexcept {
        if (exporter.batch != batch_) {
            exporter.batch = batch_;
            exporter.bytes = exporter.packets = 0;
        }
        if (exporter.bytes + reading.bytes > exporter_volume_max ||
            exporter.packets + reading.packets > exporter_volume_max ||
            observed_.bytes.value() > batch_volume_max ||
            observed_.packets.value() > batch_volume_max)
            return false;
        exporter.bytes += reading.bytes;
        exporter.packets += reading.packets;
        exporter.largest_record = std::max(exporter.largest_record, reading.bytes);
        return true;
    }
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
