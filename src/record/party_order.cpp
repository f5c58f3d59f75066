// SPDX-License-Identifier: GPL-3.0-or-later
#include "record/party_order.hpp"

#include <algorithm>
#include <string_view>

#include "base/radix_sort.hpp"

namespace octroi {
namespace {

// The sort key of a party is the text: kind, name, 0, identity, 0, 0, … Names and identities have
// no octet 0 (no control characters), so the order of the keys is that of the parties. Should one
// have it, operator< decides in the end.
constexpr std::size_t word_octets = 8;
// Longer than any key of a valid party (ledger/rules.hpp); bounds the recursion.
constexpr std::size_t depth_max = 544;

std::uint64_t octet_at(const Party& party, std::size_t at) noexcept {
    if (at == 0) return static_cast<std::uint8_t>(party.kind);
    at -= 1;
    if (at < party.name.size()) return static_cast<std::uint8_t>(party.name[at]);
    at -= party.name.size();
    if (at == 0) return 0;
    at -= 1;
    return at < party.identity.size() ? static_cast<std::uint8_t>(party.identity[at]) : 0;
}

std::uint64_t word_at(const Party& party, std::size_t depth) noexcept {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < word_octets; ++i) word = word << 8U | octet_at(party, depth + i);
    return word;
}

class Sorter {
public:
    explicit Sorter(std::span<const Party> parties) : parties_(parties) {}

    // The keys of `run` are equal up to `depth`.
    void sort(std::span<KeyedIndex> run, std::size_t depth) const {
        if (depth >= depth_max || run.size() <= few) {
            std::stable_sort(run.begin(), run.end(), [&](const KeyedIndex& a, const KeyedIndex& b) {
                return parties_[a.index] < parties_[b.index];
            });
            return;
        }
        for (KeyedIndex& item : run) item.key = word_at(parties_[item.index], depth);
        radix_sort(run);
        for (std::size_t begin = 0; begin < run.size();) {
            std::size_t end = begin + 1;
            while (end < run.size() && run[end].key == run[begin].key) ++end;
            if (end - begin > 1) sort(run.subspan(begin, end - begin), depth + word_octets);
            begin = end;
        }
    }

private:
    // Comparing is faster for so few.
    static constexpr std::size_t few = 4;
    std::span<const Party> parties_;
};

}  // namespace

void sort_parties(std::span<const Party> parties, std::vector<std::uint32_t>& order) {
    std::vector<KeyedIndex> items;
    items.reserve(order.size());
    for (const std::uint32_t i : order) items.push_back({0, i});
    Sorter(parties).sort(items, 0);
    std::transform(items.begin(), items.end(), order.begin(),
                   [](const KeyedIndex& item) { return item.index; });
}

}  // namespace octroi
