// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/examine.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "host/connections.hpp"
#include "host/interfaces.hpp"
#include "host/offloads.hpp"
#include "host/packet_ring.hpp"
#include "host/privilege.hpp"
#include "meter/capture/routing.hpp"

namespace octroi::capture {
namespace {

Finding privilege() {
    const auto missing = missing_capture_capabilities();
    if (missing.empty()) return {Verdict::good, "privilege", "live capture is permitted", ""};
    const std::string names = fmt::format("{}", fmt::join(missing, ", "));
    return {
        Verdict::wrong, "privilege", "live capture needs " + names,
        fmt::format("run as root, or: setcap cap_net_raw,cap_net_admin=eip {}", program_path())};
}

Finding forwarding() {
    const auto connections = open_connections();
    if (connections.has_value())
        return {
            Verdict::good, "forwarding",
            "this machine routes between interfaces: a forwarded packet is counted once, also if "
            "its address is translated (NAT)",
            ""};
    return {Verdict::wrong, "forwarding",
            fmt::format("this machine routes between interfaces, and its connections cannot be "
                        "read ({}): a packet that NAT changes counts before and after that",
                        connections.error().text),
            "run octroi with CAP_NET_ADMIN, or meter the inner interfaces only: octroi run "
            "--interface NAME"};
}

// Between two ports of a bridge no packet passes the bridge itself.
void add_bridges(const std::vector<Interface>& all, std::vector<Finding>& findings) {
    for (const Interface& bridge : all) {
        if (bridge.kind != "bridge" || !bridge.up) continue;
        std::vector<std::string> ports;
        std::vector<std::string> unmetered;
        for (const Interface& port : all) {
            if (port.master != bridge.index || !port.up) continue;
            ports.push_back(port.name);
            if (!port.meterable) unmetered.push_back(port.name);
        }
        if (ports.size() < 2 || unmetered.empty()) continue;
        findings.push_back(
            {Verdict::note, "bridge " + bridge.name,
             fmt::format("octroi run does not meter {}: traffic between these ports is not seen",
                         fmt::join(unmetered, ", ")),
             fmt::format("to see it, meter the ports instead of the bridge: octroi run "
                         "--interface {}",
                         fmt::join(ports, " --interface "))});
    }
}

// A ring on such an interface states the segments if the kernel can (host/packet_ring.hpp).
void add_offloads(const std::vector<Interface>& all, std::vector<Finding>& findings) {
    for (const Interface& i : all) {
        if (!i.meterable || !merges_segments(i.name)) continue;
        if (packet_rings_state_segments())
            findings.push_back({Verdict::good, "offload " + i.name,
                                "GRO is on: a merged packet counts as its packets on the wire",
                                ""});
        else
            findings.push_back(
                {Verdict::note, "offload " + i.name,
                 fmt::format("GRO is on, and this kernel (before 6.2) does not state "
                             "what it merges: {}",
                             merged_effect),
                 fmt::format("ethtool -K {} gro off lro off", i.name)});
    }
}

void add_interfaces(std::vector<Finding>& findings) {
    const auto all = interfaces();
    if (!all) {
        findings.push_back({Verdict::wrong, "interfaces", all.error().text, ""});
        return;
    }
    std::size_t metered = 0;
    for (const Interface& i : *all) {
        if (i.meterable) ++metered;
        findings.push_back(
            {Verdict::good, "interface " + i.name,
             i.meterable ? "metered by octroi run" : "left out: " + i.excluded_because, ""});
    }
    if (metered == 0)
        findings.push_back({Verdict::wrong, "interfaces",
                            "there is nothing that octroi run would meter",
                            "name one: octroi run --interface NAME"});
    if (metered > 1 && routes(*all)) findings.push_back(forwarding());
    add_bridges(*all, findings);
    add_offloads(*all, findings);
}

}  // namespace

std::vector<Finding> examine(std::span<const MeterConfig* const> /*meters*/) {
    std::vector<Finding> findings{privilege()};
    add_interfaces(findings);
    return findings;
}

}  // namespace octroi::capture
