// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Beside the sums of a batch in the making: what of them was scaled up from samples. Takes no
// memory, and accept() no more than a comparison, while nothing is.

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "base/sampling.hpp"
#include "record/batch.hpp"
#include "record/reading.hpp"

namespace octroi {

// How much one scaled packet and one scaled byte of a reading add to the variance. Both variances
// are in proportion to the scaled figures, so parts of a split reading have the sum of the whole.
struct SampleWeight {
    std::uint64_t packet = 0;
    std::uint64_t byte = 0;
};

// Requires reading.sampling > 1.
[[nodiscard]] inline SampleWeight sample_weight(const Reading& reading) noexcept {
    const std::uint64_t others = reading.sampling - 1U;
    const std::uint64_t size =
        weighted_size_bound(reading.bytes / reading.sampling, reading.packets / reading.sampling);
    return {others, others * size};
}

class SampledRows {
public:
    explicit SampledRows(std::pmr::memory_resource& memory) : rows_(&memory) {}

    struct Part {
        std::uint64_t bytes = 0;
        std::uint64_t packets = 0;
    };
    // `row`: of the Tally. The sums cannot overflow: the attributor bounds those of the batch to 64
    // bits, a weight has 48.
    void add(std::uint32_t row, const Part& scaled, const Part& counted,
             const SampleWeight& weight) {
        if (row >= rows_.size()) rows_.resize(std::size_t{row} + 1);
        Row& r = rows_[row];
        r.bytes_added += scaled.bytes - counted.bytes;
        r.packets_added += scaled.packets - counted.packets;
        r.bytes_variance += Uint128{scaled.bytes} * weight.byte;
        r.packets_variance += Uint128{scaled.packets} * weight.packet;
    }

    [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }

    // Adds what was sampled of the transfer at `place`, which was made of the row, if anything was.
    void report(std::uint32_t row, std::uint32_t place, const Volume& volume,
                std::vector<SampledVolume>& out) const {
        if (row >= rows_.size()) return;
        const Row& r = rows_[row];
        if (r.bytes_added == 0 && r.packets_added == 0) return;
        out.push_back({place, Bytes(volume.bytes.value() - r.bytes_added),
                       Packets(volume.packets.value() - r.packets_added),
                       saturated_variance(r.bytes_variance, variance_unit),
                       saturated_variance(r.packets_variance)});
    }

    // Keeps the memory of at most `rows_kept` rows.
    void clear(std::size_t rows_kept) noexcept {
        if (rows_.capacity() > rows_kept) std::pmr::vector<Row>(rows_.get_allocator()).swap(rows_);
        rows_.clear();
    }

private:
    // The variances to the full, in packets² and bytes²: many small ones must not be rounded each.
    struct Row {
        std::uint64_t bytes_added = 0;
        std::uint64_t packets_added = 0;
        Uint128 bytes_variance = 0;
        Uint128 packets_variance = 0;
    };
    std::pmr::vector<Row> rows_;
};

}  // namespace octroi
