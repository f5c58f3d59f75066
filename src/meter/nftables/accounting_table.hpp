// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Our table of nftables: reads it, and makes it as the rules say. Nothing of other tables is
// changed or kept.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "host/nftables.hpp"
#include "meter/nftables/ruleset.hpp"

namespace octroi::accounting {

// A counter as the kernel has it now.
struct TableCounter {
    std::string name;
    std::uint64_t handle = 0;  // unique in the table
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    std::uint32_t users = 0;
};

struct TableCounters {
    // Changes with the boot, the network namespace and each new table of the name. Empty: there is
    // no table.
    std::string generation;
    std::uint64_t handle = 0;  // of the table
    std::vector<std::string> chains;
    std::vector<std::string> used_maps;  // TableContent::used_maps
    std::vector<TableCounter> counters;
    // We made this table. If not, its counters may have the values of another time.
    bool is_ours = false;
    // The rules and the elements of maps are all there, and packets see them: the rules count.
    bool is_whole = false;
};

struct KnownCounters {
    std::string mark;                // Ruleset::mark
    std::vector<std::string> names;  // all of them
};

struct Applied {
    bool changes = false;   // false: the table was as the rules say
    bool was_whole = true;  // TableCounters::is_whole, before
};

// One thread.
class AccountingTable {
public:
    // host must outlive the object. name: a letter, then letters, digits, '_'.
    AccountingTable(NftablesHost& host, std::string name) : host_(host), name_(std::move(name)) {}

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    // Errors: those of NftablesHost; over_limit (more than counters_max). Of very many counters
    // only the known ones are read, if the table has the rules of this mark: those that others
    // added are then not seen.
    [[nodiscard]] Result<TableCounters> read(const KnownCounters& known = {}) const;
    // The counters of an earlier result. nullopt: the table, its rules or its counters are others.
    [[nodiscard]] Result<std::optional<TableCounters>> read_same(TableCounters known) const;
    [[nodiscard]] Result<TableContent> content(const Ruleset& wanted) const;
    // check_only: the kernel checks, and nothing changes. Two processes may call this at the same
    // time. A table of the name that another program made is replaced.
    [[nodiscard]] Result<Applied> apply(const Ruleset& wanted, bool check_only) const;
    // Removes counters that nothing refers to. Their values are gone.
    [[nodiscard]] Status remove_counters(std::span<const std::string> names) const;
    // Deletes the rules of our table, and waits for packets that are in them: its counters keep
    // their values and count no longer. False: there is no table that we made.
    [[nodiscard]] Result<bool> detach() const;
    // Removes the table. False: there was none.
    [[nodiscard]] Result<bool> flush(bool check_only) const;

    // Ours has at most twice addresses_max and elements_max; others could add more.
    static constexpr std::size_t counters_max = std::size_t{1} << 22U;
    // The kernel lists 200,000 counters in 5 s, and half as many in a quarter of that.
    static constexpr std::size_t listed_max = 20'000;

private:
    struct Table {
        std::string generation;  // TableCounters::generation
        std::uint64_t handle = 0;
        bool is_dormant = false;
    };
    // Without a generation: it is not there.
    [[nodiscard]] Result<Table> find_table() const;
    [[nodiscard]] Status list_counters(TableCounters& counters) const;
    [[nodiscard]] Status get_counters(std::span<const std::string> names,
                                      TableCounters& counters) const;
    [[nodiscard]] Status note_state(const Table& table, TableCounters& counters) const;
    [[nodiscard]] Result<Applied> try_apply(const Ruleset& wanted, bool check_only) const;
    [[nodiscard]] Status make(const TableContent& now, const Ruleset& wanted) const;
    [[nodiscard]] Status change(const TableContent& now, const Ruleset& wanted) const;
    [[nodiscard]] Result<std::vector<std::string>> names(NftablesHost::List list) const;

    NftablesHost& host_;
    std::string name_;
};

}  // namespace octroi::accounting
