// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The prefixes that meters in the kernel must tell apart, so that each account gets its volume.

#include <vector>

#include "record/directory.hpp"
#include "record/source_tables.hpp"

namespace octroi {

// Those of the bindings and of the local networks, each once, in order. Bindings and networks that
// cannot be read bind nothing: CompiledDirectory reports them.
[[nodiscard]] std::vector<SourcePrefix> source_prefixes(const Directory& directory);

}  // namespace octroi
