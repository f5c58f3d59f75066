// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/usage_query.hpp"

namespace octroi {

Result<Usage> query_usage(Query& ledger, const UsageQuestion& question) {
    std::vector<std::string> services;
    if (!question.categories.empty()) {
        TRY_ASSIGN(services, ledger.services());
    }
    TRY_ASSIGN(const auto sums, ledger.sums(sum_question(question, services)));
    return usage(question, sums);
}

}  // namespace octroi
