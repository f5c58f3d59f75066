// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "record/batch.hpp"

namespace octroi {

// Sorts the transfers of a batch, and updates and sorts the rows of `sampled` that refer to them.
void sort_transfers(std::vector<Transfer>& transfers, std::vector<SampledVolume>& sampled);

}  // namespace octroi
