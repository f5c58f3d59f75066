// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A meter's table of names (record/name.hpp). Rows are added while the meter reads; none changes
// and none goes. Used on the meter's thread.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "record/name.hpp"

namespace octroi {

class NameTable {
public:
    // Names come from outside and can be forged: beyond so many there is no row for a new one.
    static constexpr std::size_t names_max = std::size_t{1} << 20U;
    static constexpr std::size_t text_octets_max = 255;

    // The row of that name, made if it is new; no_name: the table is full, or the text is longer
    // than text_octets_max.
    [[nodiscard]] NameRef intern(NameKind kind, std::string_view text, NameRef within = no_name) {
        if (text.size() > text_octets_max) return no_name;
        const auto [known, fresh] =
            refs_.try_emplace(Name{kind, std::string(text), within}, no_name);
        if (!fresh) return known->second;
        const NameRef ref = append(kind, std::string(text), within);
        if (ref == no_name)
            refs_.erase(known);
        else
            known->second = ref;
        return ref;
    }
    // A row for a name that the caller knows to be new. no_name: the table is full.
    [[nodiscard]] NameRef append(NameKind kind, std::string text, NameRef within = no_name) {
        if (rows_.size() >= names_max) return no_name;
        rows_.push_back({kind, std::move(text), within});
        return static_cast<NameRef>(rows_.size());
    }
    [[nodiscard]] std::span<const Name> rows() const noexcept { return rows_; }

private:
    struct Hash {
        [[nodiscard]] std::size_t operator()(const Name& name) const noexcept {
            const std::size_t text = std::hash<std::string>{}(name.text);
            return text ^ (static_cast<std::size_t>(name.within) << 8U) ^
                   static_cast<std::size_t>(name.kind);
        }
    };
    std::vector<Name> rows_;
    boost::unordered_flat_map<Name, NameRef, Hash> refs_;
};

}  // namespace octroi
