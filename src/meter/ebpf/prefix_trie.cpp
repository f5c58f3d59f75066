// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/ebpf/prefix_trie.hpp"

#include <algorithm>

#include "meter/ebpf/layout.h"

namespace octroi::ebpf {

PrefixTrie::PrefixTrie() : entries_(OCTROI_TRIE_FIRST, 0) {}

std::size_t PrefixTrie::node_below(std::size_t entry) {
    const std::uint32_t known = entries_[entry];
    if ((known & OCTROI_CHILD) != 0)
        return OCTROI_TRIE_FIRST + std::size_t{known & ~OCTROI_CHILD} * OCTROI_TRIE_NODE;
    const std::size_t first = entries_.size();
    const auto node = static_cast<std::uint32_t>((first - OCTROI_TRIE_FIRST) / OCTROI_TRIE_NODE);
    if (node >= nodes_max) return 0;
    entries_[entry] = OCTROI_CHILD | node;
    entries_.resize(first + OCTROI_TRIE_NODE, known);
    return first;
}

bool PrefixTrie::add(const Prefix& prefix, std::uint32_t value) {
    const std::uint32_t address = prefix.address.v4_value();
    std::size_t at = 0;  // of the node
    std::uint32_t index = address >> 16U;
    unsigned end = 16;  // bits that lead to an entry of the node
    for (; prefix.length > end; end += 8) {
        at = node_below(at + index);
        if (at == 0) return false;
        index = address >> (24U - end) & 0xFFU;
    }
    const std::size_t covered = std::size_t{1} << (end - prefix.length);
    std::fill_n(entries_.begin() + static_cast<std::ptrdiff_t>(at + index), covered, value);
    return true;
}

std::uint32_t PrefixTrie::find(const Address& address) const noexcept {
    const std::uint32_t value = address.v4_value();
    std::uint32_t entry = entries_[value >> 16U];
    for (const unsigned shift : {8U, 0U}) {
        if ((entry & OCTROI_CHILD) == 0) return entry;
        entry = entries_[OCTROI_TRIE_FIRST + std::size_t{entry & ~OCTROI_CHILD} * OCTROI_TRIE_NODE +
                         (value >> shift & 0xFFU)];
    }
    return entry;
}

}  // namespace octroi::ebpf
