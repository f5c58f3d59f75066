// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What a ledger contains and takes of the disk, as reports: `octroi ledger`.

#include "ledger/query.hpp"
#include "record/report.hpp"
#include "view/units.hpp"
#include "view/zone.hpp"

namespace octroi {

// A row for each kind of rows. Sizes, period and growth are in the heading, and in the meta facts
// for machines.
[[nodiscard]] Report facts_report(const LedgerFacts& facts, const Zone& zone, Units units);
// `octroi ledger --growth`: a row for each day in UTC in which batches were booked. Octets are the
// part of the database that corresponds to the transfers of the day.
[[nodiscard]] Report growth_report(const LedgerFacts& facts);

}  // namespace octroi
