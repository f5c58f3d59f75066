// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A sink that keeps records and gaps, for tests.

#include <string>
#include <vector>

#include "wire/flow/record_sink.hpp"

namespace octroi::exporter::testing {

struct Kept {
    flow::MessageContext context;
    flow::FlowRecord record;  // its `user` is not valid: see below
    std::string user;
};

class Collected final : public flow::RecordSink {
public:
    void records(const flow::MessageContext& context,
                 std::span<const flow::FlowRecord> found) override {
        for (const flow::FlowRecord& record : found)
            all.push_back({context, record, std::string(record.user)});
    }
    void gap(const flow::MessageContext& context, const flow::SequenceGap& gap) override {
        gaps.push_back(gap);
        gap_contexts.push_back(context);
    }
    [[nodiscard]] std::uint64_t bytes() const {
        std::uint64_t sum = 0;
        for (const Kept& kept : all) sum += kept.record.bytes;
        return sum;
    }
    [[nodiscard]] std::uint64_t lost() const {
        std::uint64_t sum = 0;
        for (const flow::SequenceGap& gap : gaps) sum += gap.lost;
        return sum;
    }

    std::vector<Kept> all;
    std::vector<flow::SequenceGap> gaps;
    std::vector<flow::MessageContext> gap_contexts;
};

}  // namespace octroi::exporter::testing
