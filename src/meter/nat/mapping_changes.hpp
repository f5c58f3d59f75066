// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The mappings that were created or ended since the last drain(), for the ledger. A mapping has at
// most one entry; a later change replaces the end time.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "meter/nat/mapping_history.hpp"
#include "record/translation.hpp"

namespace octroi::nat {

class MappingChanges {
public:
    explicit MappingChanges(std::size_t limit) : limit_(limit) {}

    // Adds the mapping, or updates its end time. False: the limit is reached; it was not added, and
    // the next change of the mapping tries again.
    [[nodiscard]] bool set(const History& history, Mappings::iterator mapping);
    // Removes the entry of a mapping that is about to be replaced by a corrected one.
    void remove(const MappingState& state);
    // The entries, sorted; at most one for each mapping (its end time is not part of the key).
    [[nodiscard]] std::vector<Translation> drain();
    void clear();
    [[nodiscard]] std::size_t size() const noexcept { return changes_.size(); }

private:
    std::size_t limit_;
    std::vector<Translation> changes_;  // an entry without an outside address was removed
    std::uint64_t round_ = 1;           // a ChangeRef of another round is out of date
};

}  // namespace octroi::nat
