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

ExporterBook& ExporterIndex::of(const Address& exporter) {
    if (last_ != nullptr && last_->exporter == exporter) return *last_;
    const auto known = books_.find(exporter);
    if (known != books_.end()) return *(last_ = known->second.get());
    if (books_.size() >= exporters_max) return others_;
    auto& book = books_[exporter] = std::make_unique<ExporterBook>();
    book->exporter = exporter;
    return *(last_ = book.get());
}

NameRef ExporterIndex::look_up(ExporterBook& book, std::uint32_t if_index) {
    if (if_index == 0 || book.exporter.empty()) return no_name;
    const auto known = book.interfaces.find(if_index);
    if (known != book.interfaces.end()) return known->second;
    if (book.interfaces.size() >= interfaces_per_exporter_max) return no_name;
    const NameRef name = names_.append(NameKind::interface,
                                       fmt::format("{}#{}", to_string(book.exporter), if_index));
    if (name != no_name) book.interfaces.emplace(if_index, name);
    return name;
}

NameRef ExporterIndex::look_up(ExporterBook& book, const Address& next_hop) {
    const auto known = next_hops_.find(next_hop);
    if (known != next_hops_.end()) return known->second;
    if (book.next_hops >= next_hops_per_exporter_max) return no_name;
    const NameRef name = names_.append(NameKind::next_hop, to_string(next_hop));
    if (name == no_name) return no_name;
    ++book.next_hops;
    next_hops_.emplace(next_hop, name);
    return name;
}

}  // namespace octroi::normalize
