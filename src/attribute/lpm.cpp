// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/lpm.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <tuple>

#include "base/check.hpp"
#include "base/narrow.hpp"

namespace octroi {
namespace {

// 64 slots: each of the two maps of a node is one machine word.
constexpr unsigned stride = 6;
constexpr std::size_t fan_out = 64;
// A list of this length is in three adjacent cache lines, and costs about as much as two steps of
// the trie.
constexpr std::ptrdiff_t list_max = 8;

// A table of first bits is worth its memory for many prefixes; a directory of ten stays small. For
// a full IPv4 table 24 bits take 64 MB, and a look-up reads memory once instead of three times.
unsigned first_bits_for(std::size_t count, bool narrow_keys) noexcept {
    if (count == 0) return 0;
    if (count < 512) return 6;
    if (count < 32'768) return 12;
    if (count < 200'000) return 18;
    return narrow_keys ? 24 : 20;
}

}  // namespace

Lpm::Lpm() = default;

Lpm::Lpm(std::vector<LpmEntry> entries) {
    for (Trie* trie : {&v4_, &v6_}) {
        const Family family = trie == &v4_ ? Family::v4 : Family::v6;
        std::vector<Item> items;
        items.reserve(static_cast<std::size_t>(
            std::count_if(entries.begin(), entries.end(),
                          [&](const LpmEntry& e) { return e.prefix.address.family == family; })));
        for (const LpmEntry& entry : entries) {
            if (entry.prefix.address.family != family) continue;
            CHECK(entry.value < no_match);
            CHECK(entry.prefix.length <= entry.prefix.address.bits());
            items.push_back({load(entry.prefix.address, 0), load(entry.prefix.address, 8),
                             entry.value, entry.prefix.length});
        }
        const auto before = [](const Item& a, const Item& b) {
            return std::tie(a.high, a.low, a.length) < std::tie(b.high, b.low, b.length);
        };
        if (!std::is_sorted(items.begin(), items.end(), before)) {
            std::stable_sort(items.begin(), items.end(), before);
        }
        trie->build(items);
    }
}

// Sorted by address, then length: a prefix is before all prefixes that it contains, and the
// prefixes of one slot are adjacent. Written in this order, the longest prefix remains.
void Lpm::Trie::build(const std::vector<Item>& items) {
    if (items.empty()) return;
    // The address family matters for the number of first bits only.
    const bool narrow_keys =
        std::all_of(items.begin(), items.end(), [](const Item& i) { return i.length <= 32; });
    first_bits_ = first_bits_for(items.size(), narrow_keys);
    first_.assign(std::size_t{1} << first_bits_, leaf_mark | no_match);
    const auto index = [&](const Item& item) { return item.high >> 1U >> (63U - first_bits_); };
    for (auto it = items.begin(); it != items.end();) {
        const std::uint64_t at = index(*it);
        if (it->length <= first_bits_) {
            const std::size_t count = std::size_t{1} << (first_bits_ - it->length);
            std::fill_n(first_.begin() + static_cast<std::ptrdiff_t>(at), count,
                        leaf_mark | it->value);
            ++it;
            continue;
        }
        const auto end =
            std::find_if(it, items.end(), [&](const Item& item) { return index(item) != at; });
        const std::uint32_t inherited = first_[at] & ~leaf_mark;
        const auto node = narrow<std::uint32_t>(nodes_.size());
        nodes_.emplace_back();
        first_[at] = node;
        fill(node, it, end, first_bits_, inherited);
        it = end;
    }
    lists_.shrink_to_fit();
    nodes_.shrink_to_fit();
    leaves_.shrink_to_fit();
}

// All of [begin, end) are inside the node and longer than `depth`. The recursion has at most 22
// levels.
void Lpm::Trie::fill(std::uint32_t node, Iterator begin, Iterator end, unsigned depth,
                     std::uint32_t inherited) {
    if (end - begin <= list_max) {
        fill_list(node, begin, end, inherited);
        return;
    }
    std::array<std::uint32_t, fan_out> leaf{};
    leaf.fill(inherited);
    struct Child {
        Iterator begin;
        Iterator end;
    };
    std::array<Child, fan_out> below;
    std::uint64_t children = 0;
    for (auto it = begin; it != end;) {
        const unsigned s = slot(it->high, it->low, depth);
        if (it->length <= depth + stride) {
            std::fill_n(leaf.begin() + s, std::size_t{1} << (depth + stride - it->length),
                        it->value);
            ++it;
            continue;
        }
        const auto next =
            std::find_if(it, end, [&](const Item& i) { return slot(i.high, i.low, depth) != s; });
        children |= std::uint64_t{1} << s;
        below[s] = {it, next};
        it = next;
    }
    const auto first_child = narrow<std::uint32_t>(nodes_.size());
    CHECK(first_child < leaf_mark);
    Node made{children, 0, first_child, narrow<std::uint32_t>(leaves_.size())};
    bool have_leaf = false;
    for (unsigned s = 0; s < fan_out; ++s) {
        if ((children >> s & 1U) != 0 || (have_leaf && leaves_.back() == leaf[s])) continue;
        made.leaf_starts |= std::uint64_t{1} << s;
        leaves_.push_back(leaf[s]);
        have_leaf = true;
    }
    nodes_[node] = made;
    nodes_.resize(nodes_.size() + static_cast<std::size_t>(__builtin_popcountll(children)));
    std::uint32_t child = first_child;
    for (unsigned s = 0; s < fan_out; ++s) {
        if ((children >> s & 1U) != 0)
            fill(child++, below[s].begin, below[s].end, depth + stride, leaf[s]);
    }
}

// Longest first, so that the first match is the result. Of two equal prefixes the later counts.
void Lpm::Trie::fill_list(std::uint32_t node, Iterator begin, Iterator end,
                          std::uint32_t inherited) {
    const auto first = narrow<std::uint32_t>(lists_.size());
    lists_.insert(lists_.end(), std::make_reverse_iterator(end), std::make_reverse_iterator(begin));
    std::stable_sort(lists_.begin() + first, lists_.end(),
                     [](const Item& a, const Item& b) { return a.length > b.length; });
    lists_.push_back({0, 0, inherited, 0});
    nodes_[node] = {0, 0, narrow<std::uint32_t>(lists_.size()) - first, first};
}

}  // namespace octroi
