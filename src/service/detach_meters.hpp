// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Ends the counting of meters in the kernel without a loss: what the kernel has counted since the
// last reading goes to the ledger before it is removed.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "host/capture.hpp"
#include "ledger/ledger.hpp"
#include "service/run_meters.hpp"

namespace octroi {

// Whether one of the meters has something in the kernel that must be posted first.
[[nodiscard]] bool have_counts_in_kernel(std::span<const MeterConfig> meters, MeterKinds kinds);

// Whether the ledger has a position of each meter: without one there is nothing to post to it.
[[nodiscard]] Result<bool> is_known(std::span<const MeterConfig> meters, MeterKinds kinds,
                                    Ledger& ledger);

// Detaches the meters, posts the rest of their counts, and removes them from the kernel. ledger:
// the one of the daemon. committed: is called with each batch; may be empty. Returns a line for
// each thing that was removed. Errors: those of the meters and of the ledger; then the counts stay
// in the kernel, and another call posts them. One thread.
[[nodiscard]] Result<std::vector<std::string>> detach_meters(
    const RunSettings& settings, std::span<const MeterConfig> meters, Ledger& ledger,
    CaptureHost& host, const std::function<void(const Batch&)>& committed);

// The same where no meter has counts in the kernel (have_counts_in_kernel()): needs no ledger.
// Errors: those of the meters, also where another version of the program left counts that this one
// cannot read.
[[nodiscard]] Result<std::vector<std::string>> remove_without_counts(
    std::span<const MeterConfig> meters, MeterKinds kinds);

// Removes them with the counts that nobody has read.
[[nodiscard]] Result<std::vector<std::string>> drop_from_kernel(std::span<const MeterConfig> meters,
                                                                MeterKinds kinds);

}  // namespace octroi
