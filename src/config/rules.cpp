// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace octroi {
namespace {

void check_names(const Config& config, std::vector<Problem>& problems) {
    std::map<std::string_view, const MeterConfig*> seen;
    for (const MeterConfig& meter : config.meters) {
        const auto [other, fresh] = seen.emplace(meter.name, &meter);
        if (!fresh) {
            problems.push_back(
                {meter.where, fmt::format("[meter] name: there is another meter '{}' in line {}",
                                          meter.name, other->second->where.line)});
        }
    }
}

void check_kinds(const Config& config, const OptionTable& table, std::vector<Problem>& problems) {
    for (const MeterOptions& kind : table.kinds) {
        std::vector<const MeterConfig*> meters;
        for (const MeterConfig& meter : config.meters)
            if (meter.kind == kind.kind) meters.push_back(&meter);
        if (kind.check != nullptr && !meters.empty()) kind.check(meters, problems);
    }
}

// Whether a meter of this name runs. Where none is configured, one runs that has the name of the
// default kind.
bool is_meter(const Config& config, const OptionTable& table, std::string_view name) {
    if (config.meters.empty()) return name == table.default_kind();
    return std::ranges::find(config.meters, name, &MeterConfig::name) != config.meters.end();
}

void check_exports(const Config& config, const OptionTable& table, std::vector<Problem>& problems) {
    for (const ExportConfig& wanted : config.exports) {
        if (const Status good = check_export(wanted.to, wanted.format); !good)
            problems.push_back({wanted.where, "[export] " + good.error().text});
        if (!wanted.meter.empty() && !is_meter(config, table, wanted.meter))
            problems.push_back({wanted.where, fmt::format("[export] meter: there is no meter '{}'",
                                                          wanted.meter)});
    }
}

}  // namespace

void check_rules(const Config& config, const OptionTable& table, std::vector<Problem>& problems) {
    check_names(config, problems);
    check_kinds(config, table, problems);
    check_exports(config, table, problems);
}

}  // namespace octroi
