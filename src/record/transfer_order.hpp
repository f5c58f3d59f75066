// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "record/batch.hpp"

namespace octroi {

// Sorts the transfers of a batch; what is said about them by their places goes with them.
void sort_transfers(std::vector<Transfer>& transfers, std::vector<SampledVolume>& sampled);

}  // namespace octroi
