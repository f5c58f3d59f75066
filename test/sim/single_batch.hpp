// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <utility>

#include "service/metering_loop.hpp"

namespace octroi::sim {

// Keeps the batches of a metering loop, one at a time. The simulation decides when one is due, and
// whether it is committed.
class SingleBatch final : public BatchTarget {
public:
    [[nodiscard]] bool go_on() override { return true; }
    [[nodiscard]] std::optional<Duration> commit_interval() const override {
        return is_due ? std::optional(Duration{}) : std::nullopt;
    }
    [[nodiscard]] bool is_ready() const override { return !batch && is_committed; }
    [[nodiscard]] Status put(Batch made) override {
        batch = std::move(made);
        return {};
    }
    [[nodiscard]] std::optional<AttributionTables> new_tables() override {
        return std::exchange(tables, std::nullopt);
    }
    // The batch since the last call, if the loop has made one.
    [[nodiscard]] std::optional<Batch> next() { return std::exchange(batch, std::nullopt); }

    bool is_due = false;
    bool is_committed = true;  // the batch before
    std::optional<Batch> batch;
    std::optional<AttributionTables> tables;  // to be used after the next batch
};

}  // namespace octroi::sim
