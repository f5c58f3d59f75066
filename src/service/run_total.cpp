// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/run_total.hpp"

#include "base/saturated_sum.hpp"

namespace octroi {

void RunTotal::add(const Batch& batch) {
    for (const Transfer& transfer : batch.transfers) {
        if (too_many_) return;
        Volume& sum =
            pairs_[{batch.meter.layer, batch.parties[transfer.from], batch.parties[transfer.to]}];
        add_saturated(sum, transfer.volume);
        too_many_ = pairs_.size() > pairs_max;
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
