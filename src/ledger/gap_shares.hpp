// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Spreads what packets have more than a log over the names in the log, by their share of the logged
// octets. An approximation for reports: it is never booked.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ledger/query.hpp"
#include "ledger/server_gap.hpp"

namespace octroi {

// One name of a log in one step of the time, beside one packet meter.
struct GapShare {
    UtcTime begin;  // of the step
    std::string log;
    std::string meter;  // of the packets
    Party party;        // the near end of the lines
    std::uint64_t logged = 0;
    // Its part of the gap. All parts of a step and packet meter add up to the gap, or to 0 where
    // the gap is below 0: then there is nothing to spread.
    std::uint64_t spread = 0;

    bool operator==(const GapShare&) const = default;
};

// Divides an amount by weights, in integers, so that the parts add up to the amount: each part is
// rounded down, and the octets that are left go to the parts that lost the most (largest
// remainder); of equal ones, to the first. Weights of 0 get nothing. All weights 0: all parts are.
[[nodiscard]] std::vector<std::uint64_t> shares_of(std::uint64_t amount,
                                                   std::span<const std::uint64_t> weights);

// logged_question() with the names.
[[nodiscard]] SumQuestion logged_names_question(const std::string& log, const Interval& period,
                                                std::vector<UtcTime> steps);

// gaps: rows of one log. logged: the answer to logged_names_question(). In the order of the gaps,
// the name with the most octets first. A gap without a line in its step has one row without a name.
[[nodiscard]] std::vector<GapShare> gap_shares(std::span<const ServerGapRow> gaps,
                                               const std::vector<TransferSum>& logged);

}  // namespace octroi
