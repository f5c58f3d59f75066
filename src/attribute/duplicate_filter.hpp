// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Decides which traffic of a meter is a duplicate of what another meter is charged for
// (record/duplicate_traffic.hpp). Used on the meter's thread.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "attribute/services.hpp"
#include "base/address.hpp"
#include "base/time.hpp"
#include "record/duplicate_traffic.hpp"

namespace octroi {

// Linear in the rules and their prefixes: a configuration has a few.
class DuplicateFilter {
public:
    DuplicateFilter() = default;
    explicit DuplicateFilter(std::vector<DuplicateTraffic> rules);

    // Services have other numbers from now on.
    void use(const CompiledServices& services);

    [[nodiscard]] bool empty() const noexcept { return rules_.empty(); }
    // The prefixes of all rules, each once, as the identity of a party.
    [[nodiscard]] const std::vector<std::string>& identities() const noexcept {
        return identities_;
    }

    // The ends of a duplicate: places in identities(); absent: the end is in no prefix.
    struct Match {
        std::optional<std::uint32_t> from;
        std::optional<std::uint32_t> to;
    };
    // nullopt: the traffic is no duplicate at this time. `valid` is narrowed to the interval with
    // the same answer. An end that is not one prefix is null.
    [[nodiscard]] std::optional<Match> find(const Prefix* from, const Prefix* to,
                                            std::uint32_t service, UtcTime time,
                                            Interval& valid) const;

private:
    struct Rule {
        DuplicateTraffic traffic;
        std::vector<std::uint32_t> identities;  // places in identities_, as traffic.ends
        std::vector<std::uint32_t> services;    // sorted numbers
    };

    [[nodiscard]] static std::optional<std::uint32_t> end_of(const Rule& rule, const Prefix* end);

    std::vector<Rule> rules_;
    std::vector<std::string> identities_;
};

}  // namespace octroi
