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
    [[nodiscard]] Result<TableContent> content() const;
    // False: the table is as the rules say already. check_only: the kernel checks, and nothing
    // changes.
    [[nodiscard]] Result<bool> apply(const Ruleset& wanted, bool check_only) const;
    // Removes the table. False: there was none.
    [[nodiscard]] Result<bool> flush(bool check_only) const;

    // Ours has at most twice addresses_max and elements_max; others could add more.
    static constexpr std::size_t counters_max = std::size_t{1} << 22U;

private:
    [[nodiscard]] Result<std::optional<std::uint64_t>> handle() const;
    [[nodiscard]] Result<std::vector<std::string>> names(NftablesHost::List list) const;

    NftablesHost& host_;
    std::string name_;
};

}  // namespace octroi::accounting
