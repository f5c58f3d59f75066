// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The names that one exporter gave its interfaces in options data, by ifIndex. Each is charged to
// the exporter at the greatest length, because a name may be replaced by a longer one.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/byte_cursor.hpp"
#include "wire/exporter/memory_budget.hpp"
#include "wire/exporter/seeded_table.hpp"

namespace octroi::exporter {

class InterfaceNames {
public:
    // `memory` must outlive the object. Names are cut off behind `longest` octets.
    InterfaceNames(std::uint64_t seed, std::size_t longest, MemoryShare& memory)
        : longest_(longest), memory_(memory), names_(0, SeededHash{seed}) {}

    // Octets charged for one name.
    [[nodiscard]] std::size_t cost() const noexcept {
        return entry_octets<std::uint64_t, std::string> + longest_ + 1;
    }
    // Replaces the name of a known interface. False: it is not known.
    [[nodiscard]] bool update(std::uint64_t if_index, std::string_view name);
    // The interface must not be known.
    void add(std::uint64_t if_index, std::string_view name);
    // "": not known. Valid until the next update() or add().
    [[nodiscard]] std::string_view find(std::uint64_t if_index) const noexcept {
        const auto found = names_.find(if_index);
        return found == names_.end() ? std::string_view() : found->second;
    }
    [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }
    template <typename Visit>
    void each(Visit&& visit) const {
        for (const auto& [if_index, name] : names_) visit(if_index, name);
    }

    void save(ByteWriter& to) const;
    // Into an empty object, at most `most` names. False: not what save() wrote, or too many.
    [[nodiscard]] bool restore(ByteCursor& from, std::size_t most);

private:
    const std::size_t longest_;
    MemoryShare& memory_;
    SeededTable<std::uint64_t, std::string> names_;
};

}  // namespace octroi::exporter
