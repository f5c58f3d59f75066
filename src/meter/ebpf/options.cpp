// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/ebpf/options.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace octroi::ebpf {
namespace {

bool charge_one_interface(const MeterConfig& a, const MeterConfig& b) {
    if (a.role != RoleChoice::bill || b.role != RoleChoice::bill) return false;
    const auto& one = a.options.texts("interfaces");
    const auto& other = b.options.texts("interfaces");
    if (one.empty() || other.empty()) return true;  // empty: all of them
    return std::ranges::find_first_of(one, other) != one.end();
}

}  // namespace

void check_options(std::span<const MeterConfig* const> meters, std::vector<Problem>& problems) {
    for (auto meter = meters.begin(); meter != meters.end(); ++meter) {
        const auto other = std::find_if(meters.begin(), meter, [&](const MeterConfig* o) {
            return charge_one_interface(*o, **meter);
        });
        if (other == meter) continue;
        problems.push_back(
            {(*meter)->where,
             fmt::format(
                 "[meter] {}: shares an interface with the meter '{}', and its traffic would "
                 "be charged twice; make one of them role = \"witness\"",
                 (*meter)->name, (*other)->name)});
    }
}

}  // namespace octroi::ebpf
