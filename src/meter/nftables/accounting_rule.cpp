// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/accounting_rule.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "meter/nftables/rule_values.hpp"
#include "record/identity.hpp"

namespace octroi::accounting {
namespace {

std::unexpected<Error> wrong_rule(std::string_view text) {
    return fail(ErrorCode::invalid, std::string(text));
}

// The lists of a rule for one direction.
struct Ends {
    std::span<const std::string> source;
    std::span<const std::string> destination;
    std::span<const std::string> source_port;
    std::span<const std::string> destination_port;
    std::string in_interface;
    std::string out_interface;
};

bool is_one_way(const RuleConfig& rule) {
    return !rule.from.empty() || !rule.to.empty() || !rule.from_port.empty() ||
           !rule.to_port.empty();
}

bool names_near_end(const RuleConfig& rule) {
    return !rule.address.empty() || !rule.between.empty() || !rule.interface.empty();
}

Status check_ends(const RuleConfig& rule) {
    const bool both_ways = names_near_end(rule) || !rule.port.empty() || !rule.local_port.empty();
    if (is_one_way(rule) && both_ways)
        return wrong_rule(
            "from, to, from_port and to_port are for a rule with one direction; address, between, "
            "interface, port and local_port for both. Next: use one sort");
    if (is_one_way(rule) && rule.direction == RuleDirection::both)
        return wrong_rule(
            "from, to, from_port and to_port match one direction. Next: add direction = \"in\" or "
            "\"out\"");
    if (!rule.address.empty() && !rule.between.empty())
        return wrong_rule("address and between exclude one another. Next: remove one");
    if (!rule.between.empty() && rule.between.size() != 2)
        return wrong_rule("between needs two networks: [\"10.1.0.0/16\", \"10.2.0.0/16\"]");
    if (!rule.interface.empty() && (!rule.in_interface.empty() || !rule.out_interface.empty()))
        return wrong_rule("interface excludes in_interface and out_interface. Next: remove one");
    return {};
}

Status check_near(const RuleConfig& rule) {
    if (rule.per_address && rule.address.empty())
        return wrong_rule("per_address needs address: the addresses that are counted");
    if (!rule.mac.empty() && !rule.uid.empty())
        return wrong_rule(
            "uid is about packets that leave this machine, mac about packets that arrive. Next: "
            "make two rules");
    if ((!rule.uid.empty() || !rule.mac.empty()) && rule.direction == RuleDirection::in)
        return wrong_rule("a rule with uid or mac counts out only. Next: remove direction");
    return {};
}

Status check_protocol(const RuleConfig& rule, const Spans& protocols) {
    const bool has_port = !rule.port.empty() || !rule.local_port.empty() ||
                          !rule.from_port.empty() || !rule.to_port.empty();
    if (has_port && !have_ports(protocols))
        return wrong_rule(
            "a port needs a protocol with ports, because those of TCP and UDP are separate. Next: "
            "add protocol = \"tcp\" or protocol = [\"tcp\", \"udp\"]");
    if (has_port && rule.fragments)
        return wrong_rule("fragments have no ports. Next: make two rules");
    const bool is_icmp =
        protocols.size() == 1 && protocols.front().is_single() &&
        (protocols.front().first == icmp_protocol || protocols.front().first == icmpv6_protocol);
    if (!rule.icmp_type.empty() && !is_icmp)
        return wrong_rule(
            "icmp_type needs its protocol, because the types of IPv4 and IPv6 differ. Next: add "
            "protocol = \"icmp\" or protocol = \"icmpv6\"");
    return {};
}

Ends ends_of(const RuleConfig& rule, CountedDirection direction) {
    Ends ends{rule.from,    rule.to,           rule.from_port,
              rule.to_port, rule.in_interface, rule.out_interface};
    if (is_one_way(rule)) return ends;
    const bool is_out = direction == CountedDirection::out;
    std::span<const std::string> near = rule.address;
    std::span<const std::string> far;
    if (!rule.between.empty()) {
        near = std::span(rule.between).first(1);
        far = std::span(rule.between).last(1);
    }
    ends.source = is_out ? near : far;
    ends.destination = is_out ? far : near;
    ends.source_port = is_out ? rule.local_port : rule.port;
    ends.destination_port = is_out ? rule.port : rule.local_port;
    if (!rule.interface.empty()) (is_out ? ends.out_interface : ends.in_interface) = rule.interface;
    return ends;
}

// The hooks in which the kernel knows the values that the rule matches.
std::uint8_t hooks_of(const RuleConfig& rule, CountedDirection direction, const Ends& ends) {
    unsigned hooks = rule.hook == "input"     ? hook_input
                     : rule.hook == "output"  ? hook_output
                     : rule.hook == "forward" ? hook_forward
                                              : hook_all;
    if (!ends.in_interface.empty() || !rule.mac.empty()) hooks &= ~unsigned{hook_output};
    if (!ends.out_interface.empty()) hooks &= ~unsigned{hook_input};
    if (!rule.uid.empty()) hooks &= hook_output;
    // Without a near end, the direction is that of this machine.
    const bool has_end = is_one_way(rule) || names_near_end(rule) || !rule.in_interface.empty() ||
                         !rule.out_interface.empty();
    if (!has_end)
        hooks &= direction == CountedDirection::in ? unsigned{hook_input}
                                                   : unsigned{hook_output | hook_forward};
    return static_cast<std::uint8_t>(hooks);
}

bool counts(const RuleConfig& rule, CountedDirection direction) {
    const bool is_out = direction == CountedDirection::out;
    if (rule.direction == RuleDirection::in) return !is_out;
    if (rule.direction == RuleDirection::out) return is_out;
    if (!rule.uid.empty() || !rule.mac.empty()) return is_out;
    // Only the interfaces that a packet passes: it counts once.
    if (!names_near_end(rule) && (!rule.in_interface.empty() || !rule.out_interface.empty()))
        return is_out == !rule.out_interface.empty();
    return true;
}

Status fill(const RuleConfig& rule, const Ends& ends, const ServiceNames& names, Leg& leg) {
    const auto set = [&](Field field, Result<Spans> spans) -> Status {
        if (!spans) return std::unexpected(spans.error());
        leg.values[index_of(field)] = *std::move(spans);
        return {};
    };
    TRY(set(Field::in_interface, parse_interface(ends.in_interface)));
    TRY(set(Field::out_interface, parse_interface(ends.out_interface)));
    TRY(set(Field::mac, parse_macs(rule.mac)));
    TRY(set(Field::protocol, parse_protocols(rule.protocol)));
    TRY(check_protocol(rule, leg.of(Field::protocol)));
    TRY(set(Field::source_port, parse_ports(ends.source_port, rule.protocol, names)));
    TRY(set(Field::destination_port, parse_ports(ends.destination_port, rule.protocol, names)));
    TRY(set(Field::uid, parse_uids(rule.uid)));
    if (rule.icmp_type.empty()) return {};
    const bool v6 = leg.of(Field::protocol).front().first == icmpv6_protocol;
    TRY(set(Field::icmp_type, parse_icmp_types(rule.icmp_type, v6)));
    // nft adds the protocol of an ICMP type itself.
    leg.values[index_of(Field::protocol)].clear();
    leg.family = v6 ? Family::v6 : Family::v4;
    return {};
}

// All addresses need no field: the family says it.
Spans without_any(Spans spans, Family family) {
    const Number last = family == Family::v4 ? Number{UINT32_MAX} : ~Number{0};
    if (spans.size() == 1 && spans.front() == Span{0, last}) spans.clear();
    return spans;
}

// Appends the leg for each family that its addresses allow. each: every address is counted.
void split_families(const Leg& leg, const Ends& ends, const AddressSpans& source,
                    const AddressSpans& destination, bool each, std::vector<Leg>& legs) {
    const bool any = ends.source.empty() && ends.destination.empty();
    if (any && !leg.fragments) {
        legs.push_back(leg);
        return;
    }
    for (const Family family : {Family::v4, Family::v6}) {
        const auto& from = family == Family::v4 ? source.v4 : source.v6;
        const auto& to = family == Family::v4 ? destination.v4 : destination.v6;
        if ((!ends.source.empty() && from.empty()) || (!ends.destination.empty() && to.empty()))
            continue;
        if (leg.family != Family::none && leg.family != family) continue;
        Leg& added = legs.emplace_back(leg);
        added.family = family;
        added.values[index_of(Field::source)] = each ? from : without_any(from, family);
        added.values[index_of(Field::destination)] = each ? to : without_any(to, family);
    }
}

Status add_legs(const RuleConfig& config, CountedDirection direction, const ServiceNames& names,
                AccountingRule& rule) {
    const Ends ends = ends_of(config, direction);
    Leg leg{.direction = direction, .fragments = config.fragments, .values = {}};
    leg.hooks = hooks_of(config, direction, ends);
    TRY(fill(config, ends, names, leg));
    TRY_ASSIGN(const AddressSpans source, parse_addresses(ends.source));
    TRY_ASSIGN(const AddressSpans destination, parse_addresses(ends.destination));
    if (leg.hooks != 0 && counts(config, direction))
        split_families(leg, ends, source, destination, rule.per_address, rule.legs);
    return {};
}

Result<AccountingRule> parse(const RuleConfig& config, const ServiceNames& names) {
    TRY(check_identity({IdentityKind::rule, config.name}));
    if (!config.group.empty()) TRY(check_identity({IdentityKind::rule, config.group}));
    if (!config.identity.empty()) TRY(parse_identity(config.identity));
    TRY(check_ends(config));
    TRY(check_near(config));
    AccountingRule rule{
        config.name, config.group, config.per_address, booking_number(booking_of(config)), {}};
    for (const auto direction : {CountedDirection::out, CountedDirection::in})
        TRY(add_legs(config, direction, names, rule));
    if (rule.legs.empty())
        return wrong_rule(
            "no packet can match: the values exclude one another (IP versions, hook, interface, "
            "uid, mac). Next: remove one of them");
    return rule;
}

}  // namespace

Booking booking_of(const RuleConfig& config) {
    return {config.identity, config.service, config.far_class};
}

Result<AccountingRule> parse_rule(const RuleConfig& config, const ServiceNames& names) {
    auto rule = parse(config, names);
    if (!rule) rule.error().text.insert(0, fmt::format("rule '{}': ", config.name));
    return rule;
}

bool overlap(const Leg& a, const Leg& b) noexcept {
    if ((a.hooks & b.hooks) == 0) return false;
    if (a.family != b.family && a.family != Family::none && b.family != Family::none) return false;
    // Addresses differ most often.
    if (!overlap(a.of(Field::source), b.of(Field::source)) ||
        !overlap(a.of(Field::destination), b.of(Field::destination)))
        return false;
    for (std::size_t field = 0; field < field_count; ++field)
        if (!overlap(a.values[field], b.values[field])) return false;
    return true;
}

}  // namespace octroi::accounting
