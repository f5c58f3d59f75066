// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What people declare while the simulation runs: accounts that move in their tree, bindings that
// come, go and change hands, networks, class tables. Told to the ledger, and, where it took it, to
// the naive rules.

#include <cstdint>
#include <string>
#include <vector>

#include "ledger_box.hpp"
#include "naive_rules.hpp"
#include "random.hpp"
#include "traffic.hpp"

namespace octroi::sim {

class Declarations {
public:
    Declarations(Random& random, const Population& population, LedgerBox& box)
        : random_(&random), population_(&population), box_(&box) {}

    // A directory to begin with.
    [[nodiscard]] Status begin(UtcTime now);
    // One change, which may be cut: true then (the process is gone).
    [[nodiscard]] Result<bool> change(UtcTime now, unsigned faults);
    // As the ledger has it now.
    [[nodiscard]] const NaiveRules& rules() const { return rules_; }

private:
    struct Wish {
        Registry::Change change;
        NaiveRules after;
        bool is_change = true;  // else it is a class table
        ClassTable table;
    };
    void wish_account(Wish& wish);
    void wish_binding(Wish& wish, UtcTime now);
    void wish_end(Wish& wish, UtcTime now);
    void wish_network(Wish& wish);
    void wish_classes(Wish& wish);
    [[nodiscard]] Result<bool> tell(Wish& wish, UtcTime now, unsigned faults);
    [[nodiscard]] Status take_if_told(Wish wish);
    [[nodiscard]] Result<bool> is_told(const Wish& wish);
    [[nodiscard]] Status take_ids(NaiveRules& rules);
    [[nodiscard]] NaiveBinding some_identity();
    [[nodiscard]] UtcTime some_edge(UtcTime now);

    Random* random_;
    const Population* population_;
    LedgerBox* box_;
    NaiveRules rules_;
    std::uint64_t changes_ = 0;  // that the ledger took
};

}  // namespace octroi::sim
