// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/examine.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/connection_host.hpp"

namespace octroi::conntrack {
namespace {

Finding counting(const ConnectionSettings& settings, bool turns_on) {
    if (settings.counts) return {Verdict::good, "conntrack", "the kernel counts connections", ""};
    if (turns_on)
        return {Verdict::note, "conntrack",
                "net.netfilter.nf_conntrack_acct is 0; octroi run turns it on, and connections "
                "that exist then are not counted",
                "sysctl -w net.netfilter.nf_conntrack_acct=1 at the boot"};
    return {Verdict::wrong, "conntrack",
            "net.netfilter.nf_conntrack_acct is 0: connections have no counters",
            "sysctl -w net.netfilter.nf_conntrack_acct=1, or turn_on = true in [[meter]]"};
}

void add_events(const ConnectionSettings& settings, std::vector<Finding>& findings) {
    if (settings.events == 0)
        findings.push_back({Verdict::wrong, "conntrack",
                            "net.netfilter.nf_conntrack_events is 0: the ends of connections are "
                            "not seen",
                            "sysctl -w net.netfilter.nf_conntrack_events=1"});
    if (settings.events == 2)
        findings.push_back({Verdict::note, "conntrack",
                            "net.netfilter.nf_conntrack_events is 2: connections that begin while "
                            "octroi is down send no event at their end, and their last seconds can "
                            "be a loss",
                            "sysctl -w net.netfilter.nf_conntrack_events=1"});
    if (!settings.timestamps)
        findings.push_back({Verdict::note, "conntrack",
                            "net.netfilter.nf_conntrack_timestamp is 0: the meter reads twice as "
                            "many events, and times are those of events",
                            "sysctl -w net.netfilter.nf_conntrack_timestamp=1"});
}

void add_flowtables(std::vector<Finding>& findings) {
    std::vector<Flowtable> found;
    const auto keep = [](void* list, ByteSpan message) {
        if (auto flowtable = decode_flowtable(message))
            static_cast<std::vector<Flowtable>*>(list)->push_back(*std::move(flowtable));
    };
    if (const auto listed = list_flowtables(keep, &found); !listed) {
        findings.push_back({Verdict::note, "conntrack", listed.error().text, ""});
        return;
    }
    for (const Flowtable& flowtable : found)
        if (auto finding = hidden_traffic(flowtable)) findings.push_back(*std::move(finding));
}

}  // namespace

std::optional<Finding> hidden_traffic(const Flowtable& flowtable) {
    const std::string name = fmt::format("{} {}", flowtable.table, flowtable.name);
    if (!flowtable.counts)
        return Finding{Verdict::wrong, "conntrack",
                       fmt::format("the flowtable {} has no `counter`: packets that it forwards "
                                   "are in no counter of their connection",
                                   name),
                       "`counter` in the declaration of the flowtable"};
    if (flowtable.offloads)
        return Finding{Verdict::note, "conntrack",
                       fmt::format("the flowtable {} has `flags offload`: packets that the network "
                                   "card forwards count as far as its driver reports them",
                                   name),
                       "compare with the counters of the interface; without `flags offload` all "
                       "packets count"};
    return std::nullopt;
}

std::vector<Finding> examine(std::span<const MeterConfig* const> meters) {
    std::vector<Finding> findings;
    if (meters.empty()) return findings;
    const auto settings = SystemConnectionHost().settings();
    if (!settings)
        return {{Verdict::wrong, "conntrack",
                 "the kernel tracks no connections here (nf_conntrack is not loaded)",
                 "load it, with a rule that uses it (ct state in nftables)"}};
    const bool turns_on = std::ranges::any_of(
        meters, [](const MeterConfig* meter) { return meter->options.boolean("turn_on"); });
    findings.push_back(counting(*settings, turns_on));
    add_events(*settings, findings);
    add_flowtables(findings);
    const std::uint64_t limit = settings->connections_limit;
    if (limit > 0 && settings->connections >= limit - limit / 10)
        findings.push_back({Verdict::note, "conntrack",
                            fmt::format("the kernel tracks {} of {} connections, and drops packets "
                                        "of new ones beyond that",
                                        settings->connections, limit),
                            "a larger net.netfilter.nf_conntrack_max"});
    return findings;
}

}  // namespace octroi::conntrack
