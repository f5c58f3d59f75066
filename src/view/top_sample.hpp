// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// From a batch of the metering loop to what `octroi top` shows.

#include "record/batch.hpp"
#include "view/top.hpp"

namespace octroi {

// at, length: the end and the length of the time in which the batch was read. A transfer gives an
// entry for each of its local ends; one without a local end gives one entry, "@transit" or the
// excluded party, that is neither received nor sent. Losses of the time before the meter started
// are left out.
[[nodiscard]] TopSample top_sample(const Batch& batch, UtcTime at, Duration length);

}  // namespace octroi
