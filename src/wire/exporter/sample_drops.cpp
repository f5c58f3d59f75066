// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/sample_drops.hpp"

#include <algorithm>

namespace octroi::exporter {

std::uint32_t SampleDrops::more(std::uint32_t source, std::uint32_t drops) {
    const auto known =
        std::ranges::find_if(sources_, [&](const Source& each) { return each.id == source; });
    if (known == sources_.end()) {
        if (sources_.size() == sources_max) return 0;
        sources_.reserve(sources_max);
        sources_.push_back({source, drops});
        return 0;
    }
    const std::uint32_t more = drops - known->drops;
    constexpr std::uint32_t late = 1U << 31U;
    if (more >= late) return 0;
    known->drops = drops;
    return more;
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
    if (count > 0) sources_.reserve(sources_max);
    for (std::uint8_t i = 0; i < count; ++i) {
        Source source;
        if (!from.be32(source.id) || !from.be32(source.drops)) return false;
        sources_.push_back(source);
    }
    return true;
}

}  // namespace octroi::exporter
