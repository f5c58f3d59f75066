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

// A kind without that option counts at all interfaces.
bool share_interface(const OptionValues& a, const OptionValues& b) {
    if (!a.contains("interfaces") || !b.contains("interfaces")) return true;
    const auto& one = a.texts("interfaces");
    const auto& other = b.texts("interfaces");
    if (one.empty() || other.empty()) return true;  // empty: all of them
    return std::ranges::find_first_of(one, other) != one.end();
}

// Different filters may match different packets. Whether they do, the user must decide.
bool share_packets(const OptionValues& a, const OptionValues& b) {
    if (!a.contains("filter") || !b.contains("filter")) return true;
    const std::string& one = a.text("filter");
    const std::string& other = b.text("filter");
    return one.empty() || other.empty() || one == other;
}

// Meters of any kinds: two that bill the packets of one interface charge them twice.
void check_interfaces(const Config& config, const OptionTable& table,
                      std::vector<Problem>& problems) {
    std::vector<const MeterConfig*> before;
    for (const MeterConfig& meter : config.meters) {
        const MeterOptions* kind = table.find_kind(meter.kind);
        const bool counts = kind != nullptr && kind->counts_interfaces;
        if (!counts || meter.role != RoleChoice::bill) continue;
        const auto other = std::ranges::find_if(before, [&](const MeterConfig* o) {
            return share_interface(o->options, meter.options) &&
                   share_packets(o->options, meter.options);
        });
        if (other != before.end())
            problems.push_back(
                {meter.where,
                 fmt::format(
                     "[meter] {}: shares an interface with the meter '{}', and its traffic would "
                     "be charged twice; make one of them role = \"witness\"",
                     meter.name, (*other)->name)});
        before.push_back(&meter);
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
    check_interfaces(config, table, problems);
    check_kinds(config, table, problems);
    check_exports(config, table, problems);
}

}  // namespace octroi
