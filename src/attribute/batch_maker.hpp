// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Makes the attributed part of a batch from the sums, in the order of the ledger, so that nothing
// has to be sorted again.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attribute/party_resolver.hpp"
#include "attribute/sampled_rows.hpp"
#include "attribute/services.hpp"
#include "attribute/tally.hpp"
#include "record/batch.hpp"
#include "record/transfer.hpp"
#include "record/volume_limits.hpp"

namespace octroi {

// The attributed part of a Batch; the fields have the same names there.
struct Attributed {
    std::vector<Party> parties;           // sorted
    std::vector<std::string> services;    // sorted
    std::vector<Transfer> transfers;      // sorted, one for each bucket, from, to and service
    std::vector<SampledVolume> sampled;   // by transfer
    Volume volume;                        // the sum of the transfers
    std::optional<UtcTime> last_traffic;  // of the transfers; absent: there are none
    RefusedVolume refused;                // of the same time, in no transfer
    std::string class_version;
    std::uint64_t directory_version = 0;
    std::vector<IdentityEvent> identities;  // that were handed over: sorted, each once
    std::uint64_t identities_known = 0;
};

// A service number of services.end() or more is a name of the meter: services.end() + NameRef.
struct AttributedSums {
    const PartyResolver& resolver;
    const CompiledServices& services;
    const Tally& tally;
    const SampledRows& sampled;
};

// Fills all but volume, last_traffic, refused and the identities.
[[nodiscard]] Attributed make_attributed(const AttributedSums& sums);

}  // namespace octroi
