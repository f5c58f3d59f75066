// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/options.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace octroi::capture {
namespace {

bool share_interface(const OptionValues& a, const OptionValues& b) {
    const auto& one = a.texts("interfaces");
    const auto& other = b.texts("interfaces");
    if (one.empty() || other.empty()) return true;  // empty: all of them
    return std::ranges::find_first_of(one, other) != one.end();
}

// Different filters may match different packets. Whether they do, the user must decide.
bool share_packets(const OptionValues& a, const OptionValues& b) {
    const std::string& one = a.text("filter");
    const std::string& other = b.text("filter");
    return one.empty() || other.empty() || one == other;
}

bool charge_the_same(const MeterConfig& a, const MeterConfig& b) {
    return a.role == RoleChoice::bill && b.role == RoleChoice::bill &&
           share_interface(a.options, b.options) && share_packets(a.options, b.options);
}

}  // namespace

void check_options(std::span<const MeterConfig* const> meters, std::vector<Problem>& problems) {
    for (auto meter = meters.begin(); meter != meters.end(); ++meter) {
        const auto other = std::find_if(meters.begin(), meter, [&](const MeterConfig* o) {
            return charge_the_same(*o, **meter);
        });
        if (other == meter) continue;
        problems.push_back(
            {(*meter)->where,
             fmt::format(
                 "[meter] {}: shares an interface with the meter '{}', and its traffic would "
                 "be charged twice; make one of them role = \"witness\"",
                 (*meter)->name, (*other)->name)});
    }
    for (const MeterConfig* meter : meters) {
        const Duration inactive = meter->options.duration("inactive_timeout");
        const Duration active = meter->options.duration("active_timeout");
        if (inactive <= active) continue;
        problems.push_back(
            {meter->where, fmt::format("[meter] {}: inactive_timeout ({}) is longer than "
                                       "active_timeout ({}) and would never be reached",
                                       meter->name, to_string(inactive), to_string(active))});
    }
}

}  // namespace octroi::capture
