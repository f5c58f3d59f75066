// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/counters/interface_source.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

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

Sample sample_of(const Interface& interface, CountedDirection direction, const std::string& boot,
                 const std::string& space) {
    const bool in = direction == CountedDirection::in;
    const bool is_by_name = interface.index == 0;
    const InterfaceCounters& c = interface.counters;
    Sample sample;
    const std::string way = in ? "in" : "out";
    sample.counter = is_by_name ? fmt::format("interface {} {}", interface.name, way)
                                : fmt::format("ifindex {} {}", interface.index, way);
    sample.generation = fmt::format("{} {} {}", boot, space, interface.kind);
    sample.values = in ? cumulative::CounterValues{c.rx_bytes, c.rx_packets}
                       : cumulative::CounterValues{c.tx_bytes, c.tx_packets};
    sample.kind = NameKind::interface;
    sample.identity = interface.name;
    sample.direction = direction;
    sample.label = fmt::format("{} {}", interface.name, way);
    sample.may_wrap = true;
    if (!is_by_name)
        sample.appearance = interface.kind.empty() ? Appearance::arrived : Appearance::returned;
    return sample;
}

}  // namespace

Result<std::unique_ptr<InterfaceSource>> InterfaceSource::open(std::vector<std::string> names,
                                                               std::unique_ptr<CounterHost> host) {
    auto source =
        std::unique_ptr<InterfaceSource>(new InterfaceSource(std::move(names), std::move(host)));
    source->reads_proc_ = !source->host_->interfaces().has_value();
    if (source->reads_proc_ && source->names_.empty()) TRY(source->choose_only_interface());
    TRY_ASSIGN(const auto present, source->present());
    const auto& wanted = source->names_;
    const bool any = std::ranges::any_of(wanted, [&](const std::string& name) {
        return std::ranges::find(present, name, &Interface::name) != present.end();
    });
    if (!wanted.empty() && !any) return missing_interface(wanted.front(), present);
    return source;
}

// The frames of a bridge, a bond or a VLAN are frames of other interfaces too.
Status InterfaceSource::choose_only_interface() {
    TRY_ASSIGN(const auto all, present());
    std::vector<std::string> names;
    for (const Interface& interface : all)
        if (interface.meterable) names.push_back(interface.name);
    if (names.size() != 1)
        return fail(ErrorCode::invalid,
                    fmt::format("interfaces: /proc/net/dev does not state which of {} carry the "
                                "frames of others (netlink cannot be read); next: name those to "
                                "count in `interfaces`",
                                fmt::join(names, ", ")));
    names_ = std::move(names);
    return {};
}

Result<std::vector<Interface>> InterfaceSource::present() {
    if (!reads_proc_) return host_->interfaces();
    TRY_ASSIGN(const std::string text, host_->net_dev());
    return from_net_dev(text);
}

// An interface that goes down has counted until then: it stays metered. So does one of hardware
// that is down from the start.
bool InterfaceSource::is_metered(const Interface& interface) const {
    if (!names_.empty()) return std::ranges::find(names_, interface.name) != names_.end();
    if (interface.meterable) return true;
    if (interface.up || interface.loopback || interface.master != 0) return false;
    return interface.kind.empty() || metered_.contains(interface.index);
}

Metering InterfaceSource::metering_of(const Interface& interface) const {
    if (is_metered(interface)) return Metering::metered;
    // It was renamed, is configured no longer, or went down while nobody read it.
    if (!names_.empty() || !interface.up) return Metering::until_now;
    // It became a port of a bond, which counts its frames.
    return Metering::followed;
}

// A name that is configured later begins then; where all are counted there is one part.
std::string InterfaceSource::part_of(const std::string& name) const {
    const std::string_view way = reads_proc_ ? proc_part : netlink_part;
    return names_.empty() ? std::string(way) : fmt::format("{} {}", way, name);
}

Result<Listing> InterfaceSource::read() {
    Listing listing;
    TRY_ASSIGN(listing.boot, host_->boot());
    TRY_ASSIGN(listing.space, host_->space());
    TRY_ASSIGN(const auto all, present());
    if (names_.empty()) listing.parts.push_back(part_of(""));
    for (const std::string& name : names_) listing.parts.push_back(part_of(name));
    std::set<int> metered;
    for (const Interface& interface : all) {
        const Metering metering = metering_of(interface);
        if (metering == Metering::metered) metered.insert(interface.index);
        for (const auto direction : {CountedDirection::in, CountedDirection::out}) {
            Sample& sample = listing.samples.emplace_back(
                sample_of(interface, direction, listing.boot, listing.space));
            sample.metering = metering;
            if (metering == Metering::metered) sample.part = part_of(interface.name);
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
