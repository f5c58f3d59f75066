// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/sample_drops.hpp"

#include <algorithm>

namespace octroi::exporter {

std::optional<std::uint32_t> SampleDrops::growth(std::uint32_t source, std::uint32_t drops) {
    const auto known = std::ranges::find(sources_, source, &Source::id);
    if (known == sources_.end()) {
        if (sources_.size() == sources_max) return std::nullopt;
        sources_.push_back({source, drops});
        return 0;
    }
    // A counter that wrapped was near its end and is near its beginning. Any other smaller value is
    // a reset without an uptime to show it.
    constexpr std::uint32_t near = 1U << 24U;
    const bool wrapped = known->drops > ~near && drops < near;
    const bool grew = drops >= known->drops || wrapped;
    const std::uint32_t growth = grew ? drops - known->drops : 0;
    known->drops = drops;
    return growth;
}

void SampleDrops::save(ByteWriter& to) const {
    to.u8(static_cast<std::uint8_t>(sources_.size()));
    for (const Source& source : sources_) {
        to.be32(source.id);
        to.be32(source.drops);
    }
}

bool SampleDrops::restore(ByteCursor& from) {
    std::uint8_t count = 0;
    if (!from.u8(count) || count > sources_max) return false;
    for (std::uint8_t i = 0; i < count; ++i) {
        Source source;
        if (!from.be32(source.id) || !from.be32(source.drops)) return false;
        sources_.push_back(source);
    }
    return true;
}

}  // namespace octroi::exporter
