// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/exporter_index.hpp"

#include <fmt/format.h>

#include <cstring>

#include "base/hash.hpp"

namespace octroi::collector {

std::size_t ExporterIndex::AddressHash::operator()(const Address& address) const noexcept {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::memcpy(&high, address.octets.data(), 8);
    std::memcpy(&low, address.octets.data() + 8, 8);
    return mix(high ^ mix_a, mix(low ^ mix_b, mix_c));
}

ExporterBook& ExporterIndex::of(const Address& exporter) {
    if (last_ != nullptr && last_->exporter == exporter) return *last_;
    const auto known = books_.find(exporter);
    if (known != books_.end()) return *(last_ = known->second.get());
    if (books_.size() >= exporters_max) return others_;
    auto& book = books_[exporter] = std::make_unique<ExporterBook>();
    book->exporter = exporter;
    return *(last_ = book.get());
}

std::uint16_t ExporterIndex::look_up(ExporterBook& book, std::uint32_t if_index) {
    if (if_index == 0 || book.exporter.empty()) return 0;
    const auto known = book.interfaces.find(if_index);
    if (known != book.interfaces.end()) return known->second;
    if (book.interfaces.size() >= interfaces_per_exporter_max || names_.size() >= interfaces_max)
        return 0;
    names_.push_back(fmt::format("{}#{}", to_string(book.exporter), if_index));
    const auto number = static_cast<std::uint16_t>(names_.size());
    book.interfaces.emplace(if_index, number);
    return number;
}

std::uint16_t ExporterIndex::look_up(ExporterBook& book, const Address& next_hop) {
    const auto known = next_hop_numbers_.find(next_hop);
    if (known != next_hop_numbers_.end()) return known->second;
    if (book.next_hops >= next_hops_per_exporter_max || next_hops_.size() >= next_hops_max)
        return 0;
    ++book.next_hops;
    next_hops_.push_back(next_hop);
    const auto number = static_cast<std::uint16_t>(next_hops_.size());
    next_hop_numbers_.emplace(next_hop, number);
    return number;
}

}  // namespace octroi::collector
