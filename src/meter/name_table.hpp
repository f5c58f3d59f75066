// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A meter's table of names (record/name.hpp). The meter adds rows while it reads; a row never
// changes and is never removed. Used on the meter's thread.
//
// Memory: a row takes about 80 octets and its text. Attribution copies the text and adds about 150
// octets. A full table of names with 40 octets takes about 350 MB in both, one of the longest names
// about 800 MB.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text_hash.hpp"
#include "record/name.hpp"

namespace octroi {

class NameTable {
public:
    // Names come from outside and can be forged, so that their number is bounded.
    static constexpr std::size_t rows_max = std::size_t{1} << 20U;
    static constexpr std::size_t text_octets_max = 255;

    // seed: of the hash table of intern(); secret, so that senders of traffic cannot make names
    // collide. rows: the bound; tests pass a smaller one.
    explicit NameTable(std::uint64_t seed = 0, std::size_t rows = rows_max)
        : seed_(seed), rows_bound_(rows) {}

    // The row of that name, added if it is new. no_name: the table is full, or the text is longer
    // than text_octets_max.
    [[nodiscard]] NameRef intern(NameKind kind, std::string_view text, NameRef within = no_name) {
        if (text.size() > text_octets_max) return no_name;
        const std::uint64_t rest = static_cast<std::uint64_t>(kind) << 32U | within;
        const std::uint64_t hash = mix(text_hash(text, seed_), rest ^ seed_ ^ mix_a);
        const auto known = last_of_hash_.find(hash);
        const NameRef last = known == last_of_hash_.end() ? no_name : known->second;
        for (NameRef ref = last; ref != no_name; ref = before_[ref - 1]) {
            const Name& row = rows_[ref - 1];
            if (row.kind == kind && row.within == within && row.text == text) return ref;
        }
        const NameRef ref = append(kind, std::string(text), within);
        if (ref == no_name) return no_name;
        before_.back() = last;
        last_of_hash_[hash] = ref;
        return ref;
    }
    // A row of its own, also if there is one of that name; intern() does not find it. no_name: the
    // table is full.
    [[nodiscard]] NameRef append(NameKind kind, std::string text, NameRef within = no_name) {
        if (rows_.size() >= rows_bound_) return no_name;
        rows_.push_back({kind, std::move(text), within});
        before_.push_back(no_name);
        return static_cast<NameRef>(rows_.size());
    }
    // Valid until the next row is added.
    [[nodiscard]] std::span<const Name> rows() const noexcept { return rows_; }

private:
    std::uint64_t seed_;
    std::size_t rows_bound_;
    std::vector<Name> rows_;
    std::vector<NameRef> before_;  // by row: the row before it with the same hash
    boost::unordered_flat_map<std::uint64_t, NameRef> last_of_hash_;
};

}  // namespace octroi
