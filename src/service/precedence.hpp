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
// log's meter, so that it is the same after a restart. A relation with another precedence, other
// meters, addresses, services or paths has a new moment, and so has one that was left out of the
// configuration and comes back. Commits a batch without traffic for each change. For a run, before
// its first batch. Errors: those of Store and Query.
[[nodiscard]] Result<DuplicatesPtr> put_precedence(const Config& config, MeterKinds kinds,
                                                   Ledger& ledger, UtcTime now);

// The same for an import and for the rest of a detached meter, which change no relation: the ledger
// must have the relations of the configuration. Errors: conflict (it has others), those of Store.
[[nodiscard]] Result<DuplicatesPtr> read_precedence(const Config& config, Store& store);

}  // namespace octroi
