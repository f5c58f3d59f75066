// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Our table of nftables: reads it, and makes it as the rules say. Nothing of other tables is
// changed or kept.

#include <cstdint>
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
    std::vector<std::string> chains;
    std::vector<TableCounter> counters;
    // We made this table. If not, its counters may have the values of another time.
    bool is_ours = false;
    // The rules and the elements of maps are all there: the rules count.
    bool is_whole = false;
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
    // Errors: those of NftablesHost; over_limit (more than counters_max).
    [[nodiscard]] Result<TableCounters> read() const;
    // The same, where `known` is the result of an earlier call: for very many counters, only those
    // are read again unless the rules changed. Counters that others add are then not seen.
    [[nodiscard]] Result<TableCounters> read_again(TableCounters known) const;
    [[nodiscard]] Result<TableContent> content() const;
    // check_only: the kernel checks, and nothing changes. Two processes may call this at the same
    // time. A table of the name that another program made is replaced.
    [[nodiscard]] Result<Applied> apply(const Ruleset& wanted, bool check_only) const;
    // Removes counters that nothing refers to. Their values are gone.
    [[nodiscard]] Status remove_counters(std::span<const std::string> names) const;
    // Removes the table. False: there was none.
    [[nodiscard]] Result<bool> flush(bool check_only) const;

    // Ours has at most twice addresses_max and elements_max; others could add more.
    static constexpr std::size_t counters_max = std::size_t{1} << 22U;
    // The kernel lists 200,000 counters in 5 s, and half as many in a quarter of that.
    static constexpr std::size_t listed_max = 20'000;

private:
    // TableCounters::generation.
    [[nodiscard]] Result<std::string> generation() const;
    // Counters, then what they say with the rules about the state of the table.
    [[nodiscard]] Status list_counters(TableCounters& counters) const;
    [[nodiscard]] Status get_known(TableCounters& known) const;
    [[nodiscard]] Status note_state(TableCounters& counters) const;
    [[nodiscard]] Result<Applied> try_apply(const Ruleset& wanted, bool check_only) const;
    [[nodiscard]] Status change(TableContent now, const Ruleset& wanted) const;
    [[nodiscard]] Result<std::vector<std::string>> names(NftablesHost::List list) const;

    NftablesHost& host_;
    std::string name_;
};

}  // namespace octroi::accounting
