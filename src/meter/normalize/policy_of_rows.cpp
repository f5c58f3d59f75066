// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/normalize/policy_of_rows.hpp"

namespace octroi::normalize {
namespace {

OutCounters out_counters(OutBytesChoice choice) {
    switch (choice) {
        case OutBytesChoice::same:
            return OutCounters::same;
        case OutBytesChoice::reverse:
            return OutCounters::reverse;
        case OutBytesChoice::automatic:
            break;
    }
    return OutCounters::automatic;
}

}  // namespace

FlowPolicy policy_of_rows(std::span<const ExporterConfig> rows) {
    FlowPolicy policy;
    for (const ExporterConfig& row : rows) {
        policy.exporters.push_back({.prefixes = row.prefixes,
                                    .domain = row.domain,
                                    .sampling = row.sampling,
                                    .out_counters = out_counters(row.out_bytes),
                                    .clock_offset = row.clock_offset,
                                    .is_duplicate = row.duplicates,
                                    .link_header = row.link_header,
                                    .link_bits_per_second = row.link_speed_bits});
        if (!row.trusted_nat) continue;
        policy.nat_devices.insert(policy.nat_devices.end(), row.prefixes.begin(),
                                  row.prefixes.end());
    }
    return policy;
}

}  // namespace octroi::normalize
