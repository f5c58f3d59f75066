// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/run_total.hpp"

#include "ledger/rules.hpp"

namespace octroi {

void RunTotal::add(const Batch& batch) {
    for (const Transfer& transfer : batch.transfers) {
        if (too_many_) return;
        Volume& sum =
            pairs_[{batch.meter.layer, batch.parties[transfer.from], batch.parties[transfer.to]}];
        const auto added = checked_sum(sum, transfer.volume);
        too_many_ = !added || pairs_.size() > pairs_max;
        if (added) sum = *added;
    }
}

Result<Usage> RunTotal::usage(std::size_t limit) const {
    if (too_many_)
        return fail(ErrorCode::over_limit,
                    "too many hosts for a table here: octroi usage shows them");
    std::vector<TransferSum> sums;
    for (const auto& [pair, volume] : pairs_) {
        TransferSum sum;
        std::tie(sum.layer, sum.from, sum.to) = pair;
        sum.volume = volume;
        sums.push_back(std::move(sum));
    }
    UsageQuestion question;
    question.by = {UsageKey::identity, UsageKey::account};
    question.limit = limit;
    return octroi::usage(question, sums);
}

}  // namespace octroi
