// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A meter's table of names (record/name.hpp). The meter adds rows while it reads. It may give a row
// another name when no reading that it has still to hand over refers to the row; users of the table
// learn of this by each_renamed(). Used on the meter's thread.
//
// Memory: a row takes about 80 octets and its text. Attribution copies the text and adds about 150
// octets. A full table of names with 40 octets takes about 350 MB in both, one of the longest names
// about 800 MB. Renamed rows add 4 octets each.

#include <array>
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
    // One kind has at most three quarters of the rows: forged names of one kind leave space for the
    // names of the others.
    [[nodiscard]] static constexpr std::size_t rows_of_a_kind(std::size_t rows) noexcept {
        return rows - rows / 4;
    }

    // seed: of the hash table of intern(); secret, so that senders of traffic cannot make names
    // collide. rows: the bound; tests pass a smaller one.
    explicit NameTable(std::uint64_t seed = 0, std::size_t rows = rows_max)
        : seed_(seed), rows_bound_(rows) {}

    // The row of that name, added if it is new. A name that cannot be added (no space for its kind,
    // or a text longer than text_octets_max) is refused: the result is the broader name `within`,
    // so that its binding still applies.
    [[nodiscard]] NameRef intern(NameKind kind, std::string_view text, NameRef within = no_name) {
        if (text.size() > text_octets_max) return refuse(within);
        const std::uint64_t rest = static_cast<std::uint64_t>(kind) << 32U | within;
        const std::uint64_t hash = mix(text_hash(text, seed_), rest ^ seed_ ^ mix_a);
        const auto known = last_of_hash_.find(hash);
        const NameRef last = known == last_of_hash_.end() ? no_name : known->second;
        for (NameRef ref = last; ref != no_name; ref = before_[ref - 1]) {
            const Name& row = rows_[ref - 1];
            if (row.kind == kind && row.within == within && row.text == text) return ref;
        }
        if (!has_space(kind)) return refuse(within);
        const NameRef ref = append(kind, std::string(text), within);
        before_.back() = last;
        last_of_hash_[hash] = ref;
        return ref;
    }
    // A row of its own, also if there is one of that name; intern() does not find it. Refuses as
    // intern() does.
    [[nodiscard]] NameRef append(NameKind kind, std::string text, NameRef within = no_name) {
        if (text.size() > text_octets_max || !has_space(kind)) return refuse(within);
        ++count_of(kind);
        rows_.push_back({kind, std::move(text), within});
        before_.push_back(no_name);
        return static_cast<NameRef>(rows_.size());
    }
    // Gives a row of append() another name of its kind, with a text of at most text_octets_max.
    void rename(NameRef ref, std::string text) {
        rows_[ref - 1].text = std::move(text);
        if (was_renamed_.size() < ref) was_renamed_.resize(rows_.size());
        was_renamed_[ref - 1] = true;
        if (renamed_rows_.size() < rows_bound_)
            renamed_rows_.push_back(ref);
        else
            renamed_rows_[renamed_ % rows_bound_] = ref;
        ++renamed_;
    }
    // How often a row got another name.
    [[nodiscard]] std::uint64_t renamed() const noexcept { return renamed_; }
    // Calls use(ref) for each row that got another name since renamed() was `since`, and maybe for
    // rows that got theirs before.
    template <typename Use>
    void each_renamed(std::uint64_t since, Use use) const {
        if (renamed_ - since > renamed_rows_.size()) {  // older ones were overwritten
            for (std::size_t row = 0; row < was_renamed_.size(); ++row)
                if (was_renamed_[row]) use(static_cast<NameRef>(row + 1));
            return;
        }
        for (; since < renamed_; ++since) use(renamed_rows_[since % rows_bound_]);
    }
    // Whether a name of that kind can be added. To be asked before the text is made.
    [[nodiscard]] bool has_space(NameKind kind) const noexcept {
        return rows_.size() < rows_bound_ &&
               rows_by_kind_[static_cast<std::size_t>(kind)] < rows_of_a_kind(rows_bound_);
    }
    // Counts a name that was not added; for the limits of the meter itself. Returns `within`.
    NameRef refuse(NameRef within = no_name) noexcept {
        ++refused_;
        return within;
    }
    // How often a name was refused.
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
    // Valid until the next row is added or renamed.
    [[nodiscard]] std::span<const Name> rows() const noexcept { return rows_; }

private:
    static constexpr std::size_t kinds = static_cast<std::size_t>(NameKind::service) + 1;
    [[nodiscard]] std::uint32_t& count_of(NameKind kind) noexcept {
        return rows_by_kind_[static_cast<std::size_t>(kind)];
    }

    std::uint64_t seed_;
    std::size_t rows_bound_;
    std::vector<Name> rows_;
    std::vector<NameRef> before_;  // by row: the row before it with the same hash
    boost::unordered_flat_map<std::uint64_t, NameRef> last_of_hash_;
    std::array<std::uint32_t, kinds> rows_by_kind_{};
    std::uint64_t refused_ = 0;
    std::vector<NameRef> renamed_rows_;  // the last ones, at their number modulo rows_bound_
    std::vector<bool> was_renamed_;      // by row
    std::uint64_t renamed_ = 0;
};

}  // namespace octroi
