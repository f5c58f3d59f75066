// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "config/interface_pattern.hpp"
#include "config/same_bytes.hpp"

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

bool share_interface(const OptionValues& a, const OptionValues& b) {
    if (!a.contains("interfaces") || !b.contains("interfaces")) return true;
    const auto& one = a.texts("interfaces");
    const auto& other = b.texts("interfaces");
    if (one.empty() || other.empty()) return true;  // empty: all of them
    return std::ranges::find_first_of(one, other, may_mean_one_interface) != one.end();
}

// Different filters may match different packets. Whether they do, the user must decide.
bool share_packets(const OptionValues& a, const OptionValues& b) {
    if (!a.contains("filter") || !b.contains("filter")) return true;
    const std::string& one = a.text("filter");
    const std::string& other = b.text("filter");
    return one.empty() || other.empty() || one == other;
}

bool are_declared_disjoint(const MeterConfig& a, const MeterConfig& b) {
    const auto names = [](const MeterConfig& meter, const MeterConfig& other) {
        return std::ranges::find(meter.disjoint_from, other.name) != meter.disjoint_from.end();
    };
    return names(a, b) || names(b, a);
}

// Why both may count the same packets, after the name of the first and before that of the second;
// empty: they do not.
std::string_view overlap(const MeterConfig& a, MeterScope scope_a, const MeterConfig& b,
                         MeterScope scope_b) {
    if (scope_a == MeterScope::elsewhere || scope_b == MeterScope::elsewhere) return "";
    if (are_declared_disjoint(a, b) || are_declared_same(a, b)) return "";
    if (scope_a == MeterScope::interfaces && scope_b == MeterScope::interfaces)
        return share_interface(a.options, b.options) && share_packets(a.options, b.options)
                   ? "shares an interface with"
                   : "";
    if (scope_a == MeterScope::chosen && a.kind == b.kind) return "";
    return "counts packets of this machine, as does";
}

// Meters of any kinds: two that bill the same packets charge them twice.
void check_billing(const Config& config, const OptionTable& table, std::vector<Problem>& problems) {
    struct Billing {
        const MeterConfig* meter;
        MeterScope scope;
    };
    std::vector<Billing> before;
    for (const MeterConfig& meter : config.meters) {
        const MeterOptions* kind = table.find_kind(meter.kind);
        if (kind == nullptr || meter.role != RoleChoice::bill ||
            is_witness_by_precedence(config, meter.name))
            continue;
        for (const Billing& other : before) {
            const std::string_view why = overlap(meter, kind->scope, *other.meter, other.scope);
            if (why.empty()) continue;
            problems.push_back(
                {meter.where,
                 fmt::format("[meter] {0}: {1} the meter '{2}', and its traffic would be charged "
                             "twice; make one of them role = \"witness\", or if they count "
                             "different packets, write disjoint_from = [\"{2}\"]",
                             meter.name, why, other.meter->name)});
            break;
        }
        before.push_back({&meter, kind->scope});
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
    check_billing(config, table, problems);
    check_kinds(config, table, problems);
    check_same_bytes(config, table, problems);
    check_exports(config, table, problems);
}

}  // namespace octroi
