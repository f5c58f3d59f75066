// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace octroi {
namespace {

constexpr std::size_t meters_max = 256;

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

bool share_interface(const MeterConfig& a, const MeterConfig& b) {
    if (a.interfaces.empty() || b.interfaces.empty()) return true;  // empty: all of them
    return std::ranges::find_first_of(a.interfaces, b.interfaces) != a.interfaces.end();
}

// Different filters may take different packets: whether they do is the user's to know.
bool share_packets(const MeterConfig& a, const MeterConfig& b) {
    return a.filter.empty() || b.filter.empty() || a.filter == b.filter;
}

// What exporters meter elsewhere is on none of our interfaces: whether two meters hear of the same
// traffic is the user's to know.
bool is_billed_capture(const MeterConfig& meter) {
    return meter.role == RoleChoice::bill && meter.kind == "capture";
}

void check_charged_once(const Config& config, std::vector<Problem>& problems) {
    for (auto meter = config.meters.begin(); meter != config.meters.end(); ++meter) {
        const auto other = std::find_if(config.meters.begin(), meter, [&](const MeterConfig& o) {
            return is_billed_capture(o) && is_billed_capture(*meter) &&
                   share_interface(o, *meter) && share_packets(o, *meter);
        });
        if (other == meter) continue;
        problems.push_back(
            {meter->where,
             fmt::format(
                 "[meter] {}: shares an interface with the meter '{}', and its traffic would "
                 "be charged twice; make one of them role = \"witness\"",
                 meter->name, other->name)});
    }
}

void check_timeouts(const Config& config, std::vector<Problem>& problems) {
    for (const MeterConfig& meter : config.meters) {
        if (meter.inactive_timeout > meter.active_timeout) {
            problems.push_back(
                {meter.where, fmt::format("[meter] {}: inactive_timeout ({}) is longer than "
                                          "active_timeout ({}) and would never be reached",
                                          meter.name, to_string(meter.inactive_timeout),
                                          to_string(meter.active_timeout))});
        }
    }
}

void check_exports(const Config& config, std::vector<Problem>& problems) {
    for (const ExportConfig& wanted : config.exports) {
        if (const Status good = check_export(wanted.to, wanted.format); !good)
            problems.push_back({wanted.where, "[export] " + good.error().text});
        const bool known = wanted.meter.empty() ||
                           std::ranges::any_of(config.meters, [&](const MeterConfig& meter) {
                               return meter.name == wanted.meter;
                           });
        if (!known)
            problems.push_back({wanted.where, fmt::format("[export] meter: there is no meter '{}'",
                                                          wanted.meter)});
    }
}

}  // namespace

void check_rules(const Config& config, std::vector<Problem>& problems) {
    if (config.meters.size() > meters_max) {
        problems.push_back({config.meters[meters_max].where,
                            fmt::format("[meter]: more than {} meters", meters_max)});
        return;  // what follows compares each with each
    }
    check_names(config, problems);
    check_charged_once(config, problems);
    check_timeouts(config, problems);
    check_exports(config, problems);
}

}  // namespace octroi
