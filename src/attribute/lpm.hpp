// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Longest prefix match.
//
// A table indexed by the first bits of the address leads to a trie of 64-way nodes, with the
// results in the leaves. Each node has two 64-bit maps (the slots with a child, and the slots where
// a run of equal leaves begins) and counts bits instead of storing pointers, so that a full routing
// table takes a few megabytes. A look-up takes (length - first bits) / 6 steps, whatever the size
// of the table.
//
// Immutable; any thread may call it.

#include <cstdint>
#include <vector>

#include "base/address.hpp"

namespace octroi {

struct LpmEntry {
    Prefix prefix;
    std::uint32_t value = 0;  // below Lpm::no_match
};

class Lpm {
public:
    static constexpr std::uint32_t no_match = 0x7FFFFFFFU;

    // Matches nothing.
    Lpm();
    // Entries of both families, in any order. Of two entries with the same prefix the later counts.
    explicit Lpm(std::vector<LpmEntry> entries);

    // The value of the longest prefix that contains the address. no_match: none does, or the
    // address is empty.
    [[nodiscard]] std::uint32_t find(const Address& address) const noexcept {
        if (address.family == Family::v4) {
            return v4_.find(std::uint64_t{address.v4_value()} << 32U, 0);
        }
        if (address.family == Family::v6) return v6_.find(load(address, 0), load(address, 8));
        return no_match;
    }
    // The memory that find() reads first, for __builtin_prefetch by callers that know the next
    // addresses: a full table is larger than the caches of the processor. (There is no function
    // that prefetches itself: g++ 12 drops calls of such a function as one without effect.)
    [[nodiscard]] const void* first_step(const Address& address) const noexcept {
        if (address.family == Family::v6) return v6_.first_step(load(address, 0));
        return v4_.first_step(std::uint64_t{address.v4_value()} << 32U);
    }
    [[nodiscard]] std::size_t memory() const noexcept { return v4_.memory() + v6_.memory(); }

private:
    // Sorted by key, then length. Keys are left-aligned: bit 63 of `high` is the first bit of the
    // address.
    struct Item {
        std::uint64_t high = 0;
        std::uint64_t low = 0;
        std::uint32_t value = 0;
        std::uint32_t length = 0;
    };
    // If both maps are 0 the node is a list: `first_child` items of lists_ from `first_leaf` on.
    struct Node {
        std::uint64_t children = 0;     // slots that are nodes
        std::uint64_t leaf_starts = 0;  // slots with another leaf than the slot before
        std::uint32_t first_child = 0;  // in nodes_
        std::uint32_t first_leaf = 0;   // in leaves_
    };

    class Trie {
    public:
        void build(const std::vector<Item>& items);
        [[nodiscard]] std::uint32_t find(std::uint64_t high, std::uint64_t low) const noexcept;
        [[nodiscard]] const void* first_step(std::uint64_t high) const noexcept {
            return &first_[high >> 1U >> (63U - first_bits_)];
        }
        [[nodiscard]] std::size_t memory() const noexcept {
            return first_.capacity() * sizeof(std::uint32_t) + nodes_.capacity() * sizeof(Node) +
                   leaves_.capacity() * sizeof(std::uint32_t) + lists_.capacity() * sizeof(Item);
        }

    private:
        using Iterator = std::vector<Item>::const_iterator;
        void fill(std::uint32_t node, Iterator begin, Iterator end, unsigned depth,
                  std::uint32_t inherited);
        void fill_list(std::uint32_t node, Iterator begin, Iterator end, std::uint32_t inherited);
        [[nodiscard]] std::uint32_t find_in_list(const Node& node, std::uint64_t high,
                                                 std::uint64_t low) const noexcept;
        // The top bit marks a leaf.
        std::vector<std::uint32_t> first_ = {leaf_mark | no_match};
        std::vector<Node> nodes_;
        std::vector<std::uint32_t> leaves_;
        std::vector<Item> lists_;  // longest first; the last one of a list has length 0
        unsigned first_bits_ = 0;
    };

    // Baseline x86-64 has no instruction for this, and a call into libgcc costs more than the rest
    // of a step.
    static std::uint32_t count_bits(std::uint64_t x) noexcept {
        x -= x >> 1U & 0x5555555555555555U;
        x = (x & 0x3333333333333333U) + (x >> 2U & 0x3333333333333333U);
        x = (x + (x >> 4U)) & 0x0F0F0F0F0F0F0F0FU;
        return static_cast<std::uint32_t>(x * 0x0101010101010101U >> 56U);
    }
    static constexpr std::uint32_t leaf_mark = 0x80000000U;
    static std::uint64_t load(const Address& address, std::size_t at) noexcept {
        std::uint64_t value = 0;
        __builtin_memcpy(&value, address.octets.data() + at, sizeof value);
        return __builtin_bswap64(value);
    }
    // Six bits from bit `depth` on; bits after 127 are 0.
    static unsigned slot(std::uint64_t high, std::uint64_t low, unsigned depth) noexcept {
        if (depth <= 58) return static_cast<unsigned>(high >> (58 - depth)) & 63U;
        if (depth < 64) {
            return static_cast<unsigned>(high << (depth - 58) | low >> (122 - depth)) & 63U;
        }
        if (depth <= 122) return static_cast<unsigned>(low >> (122 - depth)) & 63U;
        return static_cast<unsigned>(low << (depth - 122)) & 63U;
    }

    Trie v4_;
    Trie v6_;
};

inline std::uint32_t Lpm::Trie::find(std::uint64_t high, std::uint64_t low) const noexcept {
    // Two shifts: first_bits_ may be 0.
    std::uint32_t at = first_[high >> 1U >> (63U - first_bits_)];
    for (unsigned depth = first_bits_; (at & leaf_mark) == 0; depth += 6) {
        const Node& node = nodes_[at];
        if ((node.children | node.leaf_starts) == 0) return find_in_list(node, high, low);
        const unsigned s = slot(high, low, depth);
        const std::uint64_t up_to = (std::uint64_t{2} << s) - 1;  // slots 0 to s
        if ((node.children >> s & 1U) == 0) {
            const std::uint32_t rank = count_bits(node.leaf_starts & up_to);
            return leaves_[node.first_leaf + rank - 1];
        }
        const std::uint32_t rank = count_bits(node.children & up_to);
        at = node.first_child + rank - 1;
    }
    return at & ~leaf_mark;
}

inline std::uint32_t Lpm::Trie::find_in_list(const Node& node, std::uint64_t high,
                                             std::uint64_t low) const noexcept {
    for (const Item* item = &lists_[node.first_leaf];; ++item) {
        const unsigned length = item->length;
        if (length == 0) return item->value;
        const bool holds = length <= 64
                               ? (high ^ item->high) >> (64 - length) == 0
                               : high == item->high && (low ^ item->low) >> (128 - length) == 0;
        if (holds) return item->value;
    }
}

}  // namespace octroi
