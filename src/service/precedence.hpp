// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Two meters that see the same bytes, of which one is charged
// (docs/decisions/0620-one-byte-two-witnesses.md).

#include "base/result.hpp"
#include "base/time.hpp"
#include "config/config.hpp"
#include "ledger/ledger.hpp"
#include "meter/kind.hpp"
#include "service/attribution.hpp"

namespace octroi {

// What each meter must not charge, by the relations of the configuration. Null: there are none.
//
// A log that takes precedence does so from the end of the last bucket in which the packet meters
// had traffic: until then they were charged. That moment is kept in the ledger, in a cursor of the
// log's meter, so that it is the same after a restart. Commits a batch without traffic when the
// precedence is new or has changed. To be called before the first batch of a run or of an import.
// Errors: those of Store and Query.
[[nodiscard]] Result<DuplicatesPtr> put_precedence(const Config& config, MeterKinds kinds,
                                                   Ledger& ledger, UtcTime now);

}  // namespace octroi
