// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/counters/interface_source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "wire/counters/net_dev.hpp"

namespace octroi::counters {
namespace {

// Parts of the configuration (Sample::part): counters that are read by the other way have other
// names, so they begin where they are.
constexpr std::string_view netlink_part = "rtnetlink";
constexpr std::string_view proc_part = "/proc/net/dev";

// Without netlink nothing but the name and the counters is known.
std::vector<Interface> from_net_dev(std::string_view text) {
    std::vector<Interface> all;
    for (const NetDevRow& row : parse_net_dev(text)) {
        Interface& interface = all.emplace_back();
        interface.name = row.name;
        interface.up = true;
        interface.loopback = row.name == "lo";
        interface.meterable = !interface.loopback;
        interface.counters = {.rx_bytes = row.rx_bytes,
                              .rx_packets = row.rx_packets,
                              .tx_bytes = row.tx_bytes,
                              .tx_packets = row.tx_packets};
    }
    return all;
}

Sample sample_of(const Interface& interface, CountedDirection direction,
                 const std::string& generation) {
    const bool in = direction == CountedDirection::in;
    const InterfaceCounters& c = interface.counters;
    Sample sample;
    const std::string way = in ? "in" : "out";
    sample.counter = interface.index == 0 ? fmt::format("interface {} {}", interface.name, way)
                                          : fmt::format("ifindex {} {}", interface.index, way);
    sample.generation = fmt::format("{} {}", generation, interface.kind);
    sample.values = in ? cumulative::CounterValues{c.rx_bytes, c.rx_packets}
                       : cumulative::CounterValues{c.tx_bytes, c.tx_packets};
    sample.kind = NameKind::interface;
    sample.identity = interface.name;
    sample.direction = direction;
    sample.label = fmt::format("{} {}", interface.name, way);
    sample.part = interface.index == 0 ? proc_part : netlink_part;
    return sample;
}

}  // namespace

Result<std::unique_ptr<InterfaceSource>> InterfaceSource::open(std::vector<std::string> names,
                                                               std::unique_ptr<CounterHost> host) {
    auto source =
        std::unique_ptr<InterfaceSource>(new InterfaceSource(std::move(names), std::move(host)));
    source->reads_proc_ = !source->host_->interfaces().has_value();
    TRY_ASSIGN(const auto present, source->present());
    const auto& wanted = source->names_;
    const bool any = std::ranges::any_of(wanted, [&](const std::string& name) {
        return std::ranges::find(present, name, &Interface::name) != present.end();
    });
    if (!wanted.empty() && !any) return missing_interface(wanted.front(), present);
    return source;
}

Result<std::vector<Interface>> InterfaceSource::present() {
    if (!reads_proc_) return host_->interfaces();
    TRY_ASSIGN(const std::string text, host_->net_dev());
    return from_net_dev(text);
}

// An interface that goes down has counted until then: it stays metered. So does one of hardware
// that is down from the start.
bool InterfaceSource::is_metered(const Interface& interface) {
    if (!names_.empty()) return std::ranges::find(names_, interface.name) != names_.end();
    if (interface.meterable) return true;
    if (interface.up || interface.loopback || interface.master != 0) return false;
    return interface.kind.empty() || metered_.contains(interface.index);
}

Result<Listing> InterfaceSource::read() {
    TRY_ASSIGN(const std::string generation, host_->generation());
    TRY_ASSIGN(const auto all, present());
    Listing listing;
    listing.parts.emplace_back(reads_proc_ ? proc_part : netlink_part);
    std::set<int> metered;
    for (const Interface& interface : all) {
        const bool is_counted = is_metered(interface);
        if (is_counted) metered.insert(interface.index);
        for (const auto direction : {CountedDirection::in, CountedDirection::out}) {
            listing.samples.push_back(sample_of(interface, direction, generation));
            listing.samples.back().is_metered = is_counted;
        }
    }
    metered_ = std::move(metered);
    for (const std::string& name : names_)
        if (std::ranges::find(all, name, &Interface::name) == all.end())
            listing.missing.push_back("interface " + name);
    return listing;
}

Result<std::vector<std::string>> InterfaceSource::metered() {
    TRY_ASSIGN(const auto all, present());
    std::vector<std::string> names;
    for (const Interface& interface : all)
        if (is_metered(interface)) names.push_back(interface.name);
    return names;
}

}  // namespace octroi::counters
