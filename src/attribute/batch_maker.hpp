// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// From the sums of the attributor to the attributed part of a batch, in the order in which the
// ledger wants it: then nobody has to sort again.

#include <cstdint>
#include <string>
#include <vector>

#include "attribute/party_resolver.hpp"
#include "attribute/sampled_rows.hpp"
#include "attribute/services.hpp"
#include "attribute/tally.hpp"
#include "record/batch.hpp"
#include "record/transfer.hpp"

namespace octroi {

// The attributed part of a Batch; fields of the same names.
struct Attributed {
    std::vector<Party> parties;          // sorted
    std::vector<std::string> services;   // sorted
    std::vector<Transfer> transfers;     // sorted, one row for each (bucket, from, to, service)
    std::vector<SampledVolume> sampled;  // by transfer
    Volume volume;                       // the sum of the transfers
    std::string class_version;
    std::uint64_t directory_version = 0;
};

// Service numbers from services.end() on are names of the meter: services.end() + row.
struct AttributedSums {
    const PartyResolver& resolver;
    const CompiledServices& services;
    const Tally& tally;
    const SampledRows& sampled;
};

// Fills all but volume.
[[nodiscard]] Attributed make_attributed(const AttributedSums& sums);

}  // namespace octroi
