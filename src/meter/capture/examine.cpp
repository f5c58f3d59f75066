// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/examine.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "host/file.hpp"
#include "host/interfaces.hpp"
#include "host/privilege.hpp"

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

bool forwards(const char* path) {
    const auto value = read_file(path, 64);
    return value && value->starts_with('1');
}

bool forwards_packets() {
    return forwards("/proc/sys/net/ipv4/ip_forward") ||
           forwards("/proc/sys/net/ipv6/conf/all/forwarding");
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
    if (metered > 1 && forwards_packets())
        findings.push_back(
            {Verdict::note, "forwarding",
             "this machine routes between interfaces: a forwarded packet is counted once, but "
             "address translation (NAT) makes two flows of one, before and after it",
             "with NAT, meter the inner interface only: octroi run --interface NAME"});
}

}  // namespace

std::vector<Finding> examine(std::span<const MeterConfig* const> /*meters*/) {
    std::vector<Finding> findings{privilege()};
    add_interfaces(findings);
    return findings;
}

}  // namespace octroi::capture
