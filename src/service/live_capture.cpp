// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/live_capture.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/narrow.hpp"
#include "host/random.hpp"

namespace octroi {

Result<std::vector<std::string>> default_interfaces(const std::vector<Interface>& present) {
    std::vector<std::string> names;
    std::string others;
    for (const Interface& i : present) {
        if (i.meterable)
            names.push_back(i.name);
        else
            others += fmt::format("{}{} ({})", others.empty() ? "" : ", ", i.name, i.why_not);
    }
    if (names.empty())
        return fail(ErrorCode::not_found,
                    fmt::format("there is no interface to meter: {}. To meter one all the same: "
                                "octroi run --interface NAME",
                                others));
    return names;
}

Result<std::unique_ptr<capture::LiveMeter>> open_live_meter(const MeterConfig& config,
                                                            CaptureHost& host,
                                                            std::span<const Cursor> known) {
    capture::LiveMeterOptions options;
    options.interfaces = config.interfaces;
    options.promiscuous = config.promiscuous;
    options.snap_length = narrow<std::uint32_t>(config.snap_length);
    options.ring_octets = narrow<std::uint32_t>(config.ring_size.value());
    options.filter = config.filter;
    options.intake.fragments = config.fragments == FragmentsChoice::separate
                                   ? capture::FragmentPolicy::separate
                                   : capture::FragmentPolicy::resolve;
    options.intake.flows.flow_limit = narrow<std::uint32_t>(config.flow_limit);
    options.intake.flows.active = config.active_timeout;
    options.intake.flows.inactive = config.inactive_timeout;
    options.seed = random_seed();
    return capture::LiveMeter::open(options, host, known);
}

std::vector<LocalNetwork> networks_of(const std::vector<Interface>& present) {
    std::vector<LocalNetwork> networks;
    for (const Interface& i : present) {
        if (i.loopback) continue;
        for (const InterfaceAddress& address : i.addresses) {
            LocalNetwork network{to_string(address.network), true};
            if (std::find(networks.begin(), networks.end(), network) == networks.end())
                networks.push_back(std::move(network));
        }
    }
    return networks;
}

}  // namespace octroi
