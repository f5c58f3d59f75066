// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Who used how much, from a question as people ask it: `octroi usage`.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "ledger/ledger.hpp"
#include "ledger/usage.hpp"
#include "view/usage_view.hpp"

namespace octroi {

// Keys, and at most one unit of time.
struct UsageGrouping {
    std::vector<UsageKey> keys;  // in the order of the words
    std::optional<PeriodUnit> unit;
};
// The words of --by: "account", "class", "hour"… Errors: invalid, with all the words there are.
[[nodiscard]] Result<UsageGrouping> parse_grouping(const std::vector<std::string>& words);

struct UsageRequest {
    // Without keys: identities and accounts, or only accounts where there are any. The answer sets
    // its steps, accounts and category function.
    UsageQuestion question;
    std::optional<PeriodUnit> unit;  // of UsageKey::period
    Zone zone = Zone::utc();
    Units units = Units::iec;
    std::string ledger;  // the path, to ask its daemon; empty: nobody is asked
};

// Errors: not_found (no such meter, account, service or category), invalid (no such direction), and
// those of usage().
[[nodiscard]] Result<UsageReports> answer_usage(Ledger& ledger, const Config& config,
                                                UsageRequest request);

}  // namespace octroi
