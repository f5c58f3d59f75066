// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/normalize/exporter_index.hpp"

#include <fmt/format.h>

#include <cstring>

#include "base/hash.hpp"

namespace octroi::normalize {

std::size_t ExporterIndex::AddressHash::operator()(const Address& address) const noexcept {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::memcpy(&high, address.octets.data(), 8);
    std::memcpy(&low, address.octets.data() + 8, 8);
    return mix(high ^ mix_a, mix(low ^ mix_b, mix_c));
}

// A message holds many records of one exporter: mostly the last one is asked for again.
ExporterEntry& ExporterIndex::of(const Address& exporter) {
    if (last_ != nullptr && last_->exporter == exporter) return *last_;
    const auto known = exporters_.find(exporter);
    if (known != exporters_.end()) return *(last_ = known->second.get());
    if (exporters_.size() >= exporters_max) return others_;
    auto& entry = exporters_[exporter] = std::make_unique<ExporterEntry>();
    entry->exporter = exporter;
    return *(last_ = entry.get());
}

NameRef ExporterIndex::look_up(ExporterEntry& entry, std::uint32_t if_index) {
    // An interface without a known exporter could be that of any.
    if (if_index == 0 || entry.exporter.empty()) return no_name;
    const auto known = entry.interfaces.find(if_index);
    if (known != entry.interfaces.end()) return known->second;
    // First: a refused name must not cost an allocation for each record.
    if (entry.interfaces.size() >= interfaces_per_exporter_max ||
        !names_.has_space(NameKind::interface))
        return names_.refuse();
    const NameRef name = names_.append(NameKind::interface,
                                       fmt::format("{}#{}", to_string(entry.exporter), if_index));
    entry.interfaces.emplace(if_index, name);
    return name;
}

NameRef ExporterIndex::look_up(ExporterEntry& entry, const Address& next_hop) {
    const auto known = next_hops_.find(next_hop);
    if (known != next_hops_.end()) return known->second;
    if (entry.next_hops >= next_hops_per_exporter_max || !names_.has_space(NameKind::next_hop))
        return names_.refuse();
    const NameRef name = names_.append(NameKind::next_hop, to_string(next_hop));
    ++entry.next_hops;
    next_hops_.emplace(next_hop, name);
    return name;
}

}  // namespace octroi::normalize
