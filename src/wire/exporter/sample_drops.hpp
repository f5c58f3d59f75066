// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Samples that an sFlow agent collected and could not send: the field `drops` of a flow sample
// (sFlow version 5), a counter of 32 bits for each data source.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/byte_cursor.hpp"

namespace octroi::exporter {

class SampleDrops {
public:
    // Data sources of one stream. Further ones are not followed.
    static constexpr std::size_t sources_max = 128;
    static constexpr std::size_t octets_max = sources_max * 8;

    // By how much the counter of the source has grown. 0 for the first value of a source, and for a
    // smaller one, unless the counter wrapped. nullopt: there are sources_max others. To be
    // called for datagrams in order only: an old value would look like a reset.
    [[nodiscard]] std::optional<std::uint32_t> growth(std::uint32_t source, std::uint32_t drops);
    // The agent was restarted: its counters begin again.
    void clear() noexcept { sources_.clear(); }

    void save(ByteWriter& to) const;
    // Into an empty object. False: not what save() wrote.
    [[nodiscard]] bool restore(ByteCursor& from);

private:
    struct Source {
        std::uint32_t id = 0;
        std::uint32_t drops = 0;
    };
    std::vector<Source> sources_;
};

}  // namespace octroi::exporter
