// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Samples that an sFlow agent took and could not send ("drops" of flow_sample, sFlow version 5): it
// says for each data source how many there were so far.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/byte_cursor.hpp"

namespace octroi::exporter {

class SampleDrops {
public:
    // Of further sources nothing is known.
    static constexpr std::size_t sources_max = 128;
    static constexpr std::size_t octets_max = sources_max * 8;

    // How many more there were than the source said before. Its first word is the beginning, and so
    // is a smaller one, unless it came round. Only of datagrams that came in order. Nothing: there
    // is no room for the source.
    [[nodiscard]] std::optional<std::uint32_t> more(std::uint32_t source, std::uint32_t drops);
    // The agent was started anew.
    void clear() noexcept { sources_.clear(); }

    void save(ByteWriter& to) const;
    [[nodiscard]] bool restore(ByteCursor& from);

private:
    struct Source {
        std::uint32_t id = 0;
        std::uint32_t drops = 0;
    };
    std::vector<Source> sources_;
};

}  // namespace octroi::exporter
