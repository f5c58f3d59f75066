// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Declarations that change while the simulation runs: accounts move in their tree, bindings begin,
// end and move to other accounts, networks and class tables change. Each change goes to the ledger
// and, if the ledger accepts it, to the naive rules.

#include <cstdint>
#include <string>
#include <vector>

#include "faulty_ledger.hpp"
#include "naive_rules.hpp"
#include "random.hpp"
#include "traffic.hpp"

namespace octroi::sim {

class Declarations {
public:
    Declarations(Random& random, const Population& population, FaultyLedger& box)
        : random_(&random), population_(&population), box_(&box) {}

    // Declares the first directory.
    [[nodiscard]] Status begin(UtcTime now);
    // Makes one change. True: a crash interrupted it, the process has ended.
    [[nodiscard]] Result<bool> change(UtcTime now, unsigned faults);
    // The current content of the ledger.
    [[nodiscard]] const NaiveRules& rules() const { return rules_; }

private:
    struct Proposal {
        DirectoryStore::Change change;
        NaiveRules after;
        bool is_change = true;  // false: a class table
        ClassTable table;
    };
    void propose_account(Proposal& proposal);
    void propose_binding(Proposal& proposal, UtcTime now);
    void propose_end(Proposal& proposal, UtcTime now);
    void propose_network(Proposal& proposal);
    void propose_classes(Proposal& proposal);
    [[nodiscard]] Result<bool> submit(Proposal& proposal, UtcTime now, unsigned faults);
    [[nodiscard]] Status apply_if_stored(Proposal proposal);
    [[nodiscard]] Result<bool> is_stored(const Proposal& proposal);
    [[nodiscard]] Status read_ids(NaiveRules& rules);
    [[nodiscard]] NaiveBinding some_identity();
    [[nodiscard]] UtcTime some_edge(UtcTime now);

    Random* random_;
    const Population* population_;
    FaultyLedger* box_;
    NaiveRules rules_;
    std::uint64_t changes_ = 0;  // accepted by the ledger
};

}  // namespace octroi::sim
