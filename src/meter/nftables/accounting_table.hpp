// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Our table of nftables: reads it, and makes it as the rules say. Nothing of other tables is
// changed or kept.

#include <cstdint>
#include <optional>
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
    // The chains, of which one is named by the content of the rules. Empty: not listed.
    std::vector<std::string> chains;
    std::vector<TableCounter> counters;
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
    // False: the table is as the rules say already. check_only: the kernel checks, and nothing
    // changes.
    [[nodiscard]] Result<bool> apply(const Ruleset& wanted, bool check_only) const;
    // Removes the table. False: there was none.
    [[nodiscard]] Result<bool> flush(bool check_only) const;

    // Ours has at most twice addresses_max and elements_max; others could add more.
    static constexpr std::size_t counters_max = std::size_t{1} << 22U;
    // The kernel lists 200,000 counters in 5 s, and half as many in a quarter of that.
    static constexpr std::size_t listed_max = 20'000;

private:
    [[nodiscard]] Result<std::optional<std::uint64_t>> handle() const;
    [[nodiscard]] Status get_known(TableCounters& known) const;
    [[nodiscard]] Result<std::vector<std::string>> names(NftablesHost::List list) const;

    NftablesHost& host_;
    std::string name_;
};

}  // namespace octroi::accounting
