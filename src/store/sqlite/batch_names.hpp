// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace octroi::sqlite {

// The names of one table, read once and kept: the next batch mostly has the same ones. In a batch,
// names have numbers of their own, from 0 in order of first use.
template <typename Name>
class NameCache {
public:
    // Call it before each batch.
    void begin_batch() {
        ++batch_;
        used_ = 0;
        if (names_.size() >= cached_max) names_.clear();
    }
    // The number in the batch. New in it: `fresh` gets the name. Not cached yet: `read` reads it.
    template <typename Read>
    [[nodiscard]] Result<std::uint32_t> local(std::int64_t row, std::vector<Name>& fresh,
                                              Read read) {
        const auto found = names_.find(row);
        if (found != names_.end() && found->second.batch == batch_) return found->second.local;
        if (found == names_.end()) {
            TRY_ASSIGN(Name name, read(row));
            names_.emplace(row, Entry{std::move(name), batch_, used_});
            fresh.push_back(names_.find(row)->second.name);
        } else {
            found->second.batch = batch_;
            found->second.local = used_;
            fresh.push_back(found->second.name);
        }
        return used_++;
    }

private:
    // About 100 MB of parties.
    static constexpr std::size_t cached_max = 1U << 20U;
    struct Entry {
        Name name;
        std::uint64_t batch = 0;
        std::uint32_t local = 0;
    };
    boost::unordered_flat_map<std::int64_t, Entry> names_;
    std::uint64_t batch_ = 0;
    std::uint32_t used_ = 0;
};

}  // namespace octroi::sqlite
