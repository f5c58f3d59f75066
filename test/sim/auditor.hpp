// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The naive, independent auditor. It keeps the expected content of the ledger in simple maps. The
// simulation reports each committed packet to it; then it compares its maps with the ledger.

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "ledger/query.hpp"
#include "naive_rules.hpp"
#include "truth.hpp"

namespace octroi::sim {

struct Amount {
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;

    auto operator<=>(const Amount&) const = default;
    Amount& operator+=(const Amount& o) {
        bytes += o.bytes;
        packets += o.packets;
        return *this;
    }
};

struct Row {
    std::int64_t bucket = 0;  // seconds since 1970
    NaiveParty from;
    NaiveParty to;
    std::string service;

    auto operator<=>(const Row&) const = default;
};
using Rows = std::map<Row, Amount>;

// Decides the parties of one packet and adds it.
void add_packet(Rows& into, const Sent& sent, const std::string& service, const NaiveRules& rules);

class Auditor {
public:
    // From now on the batch is in the ledger.
    void committed(const std::string& meter, const Rows& rows, const Batch& batch);
    // The kernel counted so many lost packets of a source of the meter. `bytes` is their true
    // volume.
    void counted_loss(const std::string& meter, const std::string& source, LossReason reason,
                      const Amount& lost);

    // Compares sums by bucket, party, class and service, the account tree and the losses. The error
    // text is the difference.
    [[nodiscard]] Status compare(Query& ledger, const NaiveRules& now) const;
    // Fails if audit() has findings.
    [[nodiscard]] static Status audit_clean(Query& ledger);

    [[nodiscard]] bool has(const BatchId& id) const { return ids_.contains(id); }
    [[nodiscard]] std::uint64_t batches() const { return ids_.size(); }
    [[nodiscard]] const Amount& total() const { return total_; }
    [[nodiscard]] std::uint64_t losses() const { return losses_.size(); }

private:
    [[nodiscard]] Status compare_rows(Query& ledger) const;
    [[nodiscard]] Status compare_tree(Query& ledger, const NaiveRules& now) const;
    [[nodiscard]] Status compare_losses(Query& ledger) const;

    struct LossKey {
        std::string meter;
        std::string source;
        LossReason reason{};
        auto operator<=>(const LossKey&) const = default;
    };
    std::map<std::pair<std::string, Row>, Amount> rows_;  // by meter
    std::map<LossKey, Amount> counted_;
    std::vector<std::pair<std::string, Loss>> losses_;  // in the order of the batches
    std::set<BatchId> ids_;
    Amount total_;
};

}  // namespace octroi::sim
