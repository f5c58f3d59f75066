// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The naive independent auditor: what ought to stand in the ledger, in maps that anybody can check
// by reading. It is told what was committed, packet by packet, and then asks the ledger.

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

// Judges one packet and adds it.
void book(Rows& into, const Sent& sent, const std::string& service, const NaiveRules& rules);

class Auditor {
public:
    // Stands in the ledger from here on.
    void committed(const std::string& meter, const Rows& rows, const Batch& batch);
    // So many packets of a meter's source are known, by the kernel's own count, to be lost; `bytes`
    // is what they truly were.
    void counted_loss(const std::string& meter, const std::string& source, LossReason reason,
                      const Amount& lost);

    // Sums by bucket, party, class, service; account tree; losses. The error is the difference.
    [[nodiscard]] Status compare(Query& ledger, const NaiveRules& now) const;
    // audit() finds nothing.
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
    std::vector<std::pair<std::string, Loss>> losses_;  // as batches brought them
    std::set<BatchId> ids_;
    Amount total_;
};

}  // namespace octroi::sim
