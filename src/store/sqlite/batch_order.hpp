// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Puts the rows of a batch, as they are stored, into the order of a batch in canonical form.

#include <string>
#include <string_view>

#include "ledger/query.hpp"

namespace octroi::sqlite {

// Appends to StoredBatch::damage.
void add_damage(std::string& damage, std::string_view text);

// Sorts the names of the batch, and gives its transfers the numbers of the canonical form. They are
// stored in its order, so nothing is left to sort.
void sort_names(Batch& batch);

// Moves the rows with negative figures to the removed ones, with their sampled counts. The
// other rows keep their order.
void split_correction(Batch& batch);

// Each list is stored in canonical order, and its names are numbered by it. Otherwise another
// program has changed it.
void sort_rows(StoredBatch& stored);

}  // namespace octroi::sqlite
