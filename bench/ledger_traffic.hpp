// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The traffic of a large site, made from a seed: accounts in departments, a few of them heavy; 30
// days in full, and the 335 days before with a tenth of that in all.

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "ledger/directory_store.hpp"
#include "record/batch.hpp"

namespace octroi::bench {

inline constexpr std::uint32_t departments = 200;
inline constexpr std::uint32_t accounts = 20'000;
inline constexpr std::uint32_t identities_per_account = 5;
inline constexpr std::uint32_t month_days = 30;
inline constexpr std::uint32_t year_days = 365;
// 2025-11-01T00:00:00Z; the month in full is the last 30 days of this year.
inline constexpr UtcTime year_begin = UtcTime::from_seconds(1'761'955'200);
inline constexpr UtcTime year_end = year_begin + Duration::hours(24 * year_days);
inline constexpr UtcTime month_begin = year_end - Duration::hours(24 * month_days);

// Accounts with a low number have more traffic.
[[nodiscard]] std::string account_name(std::uint32_t number);
// Departments, accounts, and a prefix for each account.
[[nodiscard]] DirectoryStore::Change site_directory();

class SiteTraffic {
public:
    // rows: transfers of the last 30 days, about.
    explicit SiteTraffic(std::uint64_t rows);

    // Visits the batches of the year in order of their time. An error of the visitor ends it.
    [[nodiscard]] Status each_batch(const std::function<Status(const Batch&)>& visit);
    // Pairs of an account and a day with traffic, in the batches that were visited.
    [[nodiscard]] std::uint64_t account_days() const;

private:
    [[nodiscard]] Status make_batches(const Interval& time, std::uint64_t rows, Duration step,
                                      const std::function<Status(const Batch&)>& visit);
    [[nodiscard]] Batch make_batch(const Interval& time, std::uint64_t rows);
    [[nodiscard]] std::uint32_t any_identity();
    [[nodiscard]] Transfer any_transfer(const Interval& time);
    // The numbers of parties in the batch that is being made.
    [[nodiscard]] std::uint32_t number_in(Batch& batch, std::uint32_t party);

    std::uint64_t rows_;
    std::mt19937_64 random_{1};
    std::vector<Party> parties_;  // identities, then classes
    std::vector<std::string> services_;
    std::vector<std::uint32_t> numbers_;  // of parties_ in the batch; 0: not in it, else plus 1
    std::vector<bool> active_;            // account and day
    std::uint64_t batches_ = 0;
};

}  // namespace octroi::bench
