// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Beside the sums of the current batch: the part that was scaled up from samples. Without sampled
// readings it takes no memory, and accept() one comparison for each reading.

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "base/sampling.hpp"
#include "record/batch.hpp"
#include "record/reading.hpp"

namespace octroi {

// The variance that one scaled packet and one scaled byte of a reading add. Variances are
// proportional to the scaled counts, so that the parts of a split reading add up to the whole.
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
    // row: index in the Tally. Cannot overflow: Attributor bounds the sums of the batch to 64 bits,
    // and a weight has 48.
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

    // Appends the sampled part of the transfer at `place`, which was made from `row`, if there is
    // any.
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

    // Keeps memory for at most `rows_kept` rows.
    void clear(std::size_t rows_kept) noexcept {
        if (rows_.capacity() > rows_kept) std::pmr::vector<Row>(rows_.get_allocator()).swap(rows_);
        rows_.clear();
    }

private:
    // Variances in packets² and bytes², not rounded: many small ones are added.
    struct Row {
        std::uint64_t bytes_added = 0;
        std::uint64_t packets_added = 0;
        Uint128 bytes_variance = 0;
        Uint128 packets_variance = 0;
    };
    std::pmr::vector<Row> rows_;
};

}  // namespace octroi
