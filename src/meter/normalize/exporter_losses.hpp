// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The losses of the batch that is being made: one for each exporter and reason, so that an exporter
// that sends garbage cannot make a batch long.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "record/transfer.hpp"

namespace octroi::normalize {

class ExporterLosses {
public:
    // Losses in one batch with an exporter of their own; the others are of "other exporters".
    static constexpr std::size_t losses_max = 8192;

    // Adds to the loss of that exporter and reason. exporter: empty in files of messages.
    // lost, bytes_bound: absent where they are not known; the sum is then not known either.
    void add(const Address& exporter, LossReason reason, const Interval& interval,
             std::optional<std::uint64_t> lost, std::optional<std::uint64_t> bytes_bound);
    // The losses since the last call, by exporter and reason.
    [[nodiscard]] std::vector<Loss> drain();

private:
    std::map<std::pair<std::string, LossReason>, Loss> losses_;
};

}  // namespace octroi::normalize
