// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Losses summed by reason, as sentences: under tables of usage, and in `octroi doctor`.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/query.hpp"
#include "view/zone.hpp"

namespace octroi {

struct LossSum {
    LossReason reason = LossReason::kernel_drop;
    std::uint64_t losses = 0;
    // Of the losses that state a number; saturated. Absent: none does.
    std::optional<std::uint64_t> missed;
    bool has_unknown = false;  // a loss without a number
    Interval interval;         // from the first begin that is known to the last such end
};

// One for each reason, in the order of their numbers. Numbers of two reasons have different units
// and are never added up.
[[nodiscard]] std::vector<LossSum> summed_losses(std::span<const MeterLoss> losses);

// "the meter did not run": what happened, as the manual says it.
[[nodiscard]] std::string_view loss_meaning(LossReason reason);

// "not-running 2 times, 1,204 packets at most, 2026-11-29 13:20:00 to 13:25:10".
[[nodiscard]] std::string loss_text(const LossSum& sum, const Zone& zone);

}  // namespace octroi
