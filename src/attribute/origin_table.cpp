// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/origin_table.hpp"

#include <algorithm>
#include <numeric>

#include "base/narrow.hpp"

namespace octroi {

bool OriginTable::add(const Prefix& prefix, std::span<const std::uint32_t> ases,
                      std::string_view word, std::uint32_t votes) {
    key_.clear();
    for (const std::uint32_t as : ases) {
        for (unsigned shift = 0; shift < 32; shift += 8)
            key_.push_back(static_cast<char>(as >> shift));
    }
    // The count in front distinguishes a word from AS numbers.
    key_.insert(0, 1, static_cast<char>(ases.size() & 0xFFU));
    key_.append(word);
    const auto [label, is_new] = labels_.try_emplace(key_, narrow<std::uint32_t>(origins_.size()));
    if (is_new) origins_.push_back({{ases.begin(), ases.end()}, std::string(word)});
    return votes_.add(prefix, label->second, votes);
}

void OriginTable::compile() {
    // With equal votes the smaller origin wins, whatever the order of the labels.
    std::vector<std::uint32_t> order(origins_.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return origins_[a] < origins_[b]; });
    std::vector<std::uint32_t> rank(order.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
    winners_ = votes_.winners([&](std::uint32_t label) { return rank[label]; });

    std::vector<LpmEntry> places = winners_;
    for (std::uint32_t i = 0; i < places.size(); ++i) places[i].value = i;
    lpm_ = Lpm(std::move(places));
}

std::optional<OriginTable::Match> OriginTable::find(const Address& address) const {
    const std::uint32_t place = lpm_.find(address);
    if (place == Lpm::no_match) return std::nullopt;
    return Match{winners_[place].prefix, &origins_[winners_[place].value]};
}

}  // namespace octroi
