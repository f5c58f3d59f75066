// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/routes/nlri.hpp"

#include <algorithm>

#include "wire/routes/bgp.hpp"

namespace octroi {
namespace {

// Whether all bits of the octets of the prefix beyond its length are 0.
bool ends_clean(ByteSpan prefix_octets, unsigned length) noexcept {
    const unsigned spare = static_cast<unsigned>(prefix_octets.size()) * 8U - length;
    if (prefix_octets.empty()) return true;
    const auto last = static_cast<unsigned>(prefix_octets.back());
    return (last & ((1U << spare) - 1U)) == 0;
}

bool is_announced_anywhere(const Prefix& prefix) noexcept {
    return prefix.length == 0 || prefix.address.octets[0] != 0;
}

}  // namespace

bool NlriList::has_duplicates() {
    if (prefixes_.size() < 2) return false;
    sorted_ = prefixes_;
    std::ranges::sort(sorted_);
    return std::ranges::adjacent_find(sorted_) != sorted_.end();
}

NlriList::Reading NlriList::read_as(ByteSpan octets, Family family, bool with_path_ids) {
    constexpr std::uint32_t large_id = 1U << 24U;
    prefixes_.clear();
    Reading reading;
    bool is_clean = true;
    ByteCursor cursor(octets);
    while (cursor.left() > 0) {
        std::uint32_t id = 0;
        if (with_path_ids && !cursor.be32(id)) return {};
        reading.has_large_ids = reading.has_large_ids || id >= large_id;
        const ByteSpan before = cursor.rest();
        Prefix prefix;
        if (!read_nlri(cursor, family, prefix)) return {};
        const std::size_t used = before.size() - cursor.left();
        if (!ends_clean(before.subspan(1, used - 1), prefix.length) ||
            !is_announced_anywhere(prefix))
            is_clean = false;
        prefixes_.push_back(prefix);
    }
    reading.is_even = true;
    reading.is_plausible = is_clean && !has_duplicates();
    return reading;
}

bool NlriList::read(ByteSpan octets, Family family, bool with_path_ids) {
    const Reading plain = read_as(octets, family, false);
    if (plain.is_plausible && !with_path_ids) return true;  // nearly all records
    const Reading with_ids = read_as(octets, family, true);
    bool ids_count = with_path_ids;
    if (plain.is_plausible != with_ids.is_plausible)
        ids_count = with_ids.is_plausible;
    else if (plain.is_plausible)
        ids_count = !with_ids.has_large_ids;
    if (ids_count && with_ids.is_even) return true;
    if (!ids_count && plain.is_even) return read_as(octets, family, false).is_even;
    prefixes_.clear();
    return false;
}

}  // namespace octroi
