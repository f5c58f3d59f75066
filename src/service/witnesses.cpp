// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/witnesses.hpp"

#include <algorithm>
#include <utility>

namespace octroi {
namespace {

// Null: the meter is not configured, or sees all interfaces.
const std::vector<std::string>* named_interfaces(const Config& config, std::string_view meter) {
    const auto found = std::ranges::find(config.meters, meter, &MeterConfig::name);
    if (found == config.meters.end() || !found->options.contains("interfaces")) return nullptr;
    const auto& names = found->options.texts("interfaces");
    return names.empty() ? nullptr : &names;
}

}  // namespace

bool may_see_the_same(const Config& config, std::string_view witness, std::string_view meter) {
    const auto* one = named_interfaces(config, witness);
    const auto* other = named_interfaces(config, meter);
    if (one == nullptr || other == nullptr) return true;
    return std::ranges::find_first_of(*one, *other) != one->end();
}

Result<std::vector<WitnessRow>> compare_witnesses(Query& ledger, const Config& config,
                                                  const Interval& period,
                                                  std::vector<UtcTime> steps) {
    TRY_ASSIGN(const auto sums, ledger.sums(witness_question(period, std::move(steps))));
    return witness_rows(sums, [&](std::string_view witness, std::string_view meter) {
        return may_see_the_same(config, witness, meter);
    });
}

}  // namespace octroi
