// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/duplicate_filter.hpp"

#include <algorithm>
#include <utility>

#include "record/identity.hpp"

namespace octroi {
namespace {

// Narrows `valid` to the side of the interval that `time` is on. True: it is inside.
bool narrow_to_side(const Interval& times, UtcTime time, Interval& valid) noexcept {
    if (time < times.begin) {
        valid.end = std::min(valid.end, times.begin);
        return false;
    }
    if (time >= times.end) {
        valid.begin = std::max(valid.begin, times.end);
        return false;
    }
    valid.begin = std::max(valid.begin, times.begin);
    valid.end = std::min(valid.end, times.end);
    return true;
}

bool lies_within(const Prefix& inner, const Prefix& outer) noexcept {
    return inner.length >= outer.length && outer.contains(inner.address);
}

}  // namespace

DuplicateFilter::DuplicateFilter(std::vector<DuplicateTraffic> rules) {
    for (DuplicateTraffic& traffic : rules) {
        Rule& rule = rules_.emplace_back();
        // The longest prefix of an address names it.
        std::ranges::stable_sort(traffic.ends, std::ranges::greater{}, &Prefix::length);
        for (const Prefix& prefix : traffic.ends) {
            // The text of a prefix is an identity in any case.
            const auto identity = parse_identity(to_string(prefix));
            std::string text = identity ? identity_text(*identity) : to_string(prefix);
            const auto known = std::ranges::find(identities_, text);
            rule.identities.push_back(static_cast<std::uint32_t>(known - identities_.begin()));
            if (known == identities_.end()) identities_.push_back(std::move(text));
        }
        rule.traffic = std::move(traffic);
    }
}

void DuplicateFilter::use(const CompiledServices& services) {
    for (Rule& rule : rules_) {
        rule.services.clear();
        for (const std::string& name : rule.traffic.services)
            if (const auto number = services.number_of(name)) rule.services.push_back(*number);
        std::ranges::sort(rule.services);
    }
}

std::optional<std::uint32_t> DuplicateFilter::end_of(const Rule& rule, const Prefix* end) {
    if (end == nullptr) return std::nullopt;
    const auto found = std::ranges::find_if(
        rule.traffic.ends, [&](const Prefix& prefix) { return lies_within(*end, prefix); });
    if (found == rule.traffic.ends.end()) return std::nullopt;
    return rule.identities[static_cast<std::size_t>(found - rule.traffic.ends.begin())];
}

std::optional<DuplicateFilter::Match> DuplicateFilter::find(const Prefix* from, const Prefix* to,
                                                            std::uint32_t service, UtcTime time,
                                                            Interval& valid) const {
    for (const Rule& rule : rules_) {
        if (!rule.traffic.services.empty() && !std::ranges::binary_search(rule.services, service))
            continue;
        const Match match{end_of(rule, from), end_of(rule, to)};
        if (!rule.traffic.ends.empty() && !match.from && !match.to) continue;
        if (narrow_to_side(rule.traffic.times, time, valid)) return match;
    }
    return std::nullopt;
}

}  // namespace octroi
