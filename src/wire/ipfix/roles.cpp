// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/ipfix/roles.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace octroi::ipfix {
namespace {

using flow::Field;
using flow::FlowRecord;

constexpr std::uint16_t in_reverse(std::size_t member) {
    return static_cast<std::uint16_t>(offsetof(Work, reverse) + member);
}

#define RECORD(name, kind, member, field)                                                 \
    SlotShape {                                                                           \
        Slot::name, Kind::kind, Into::record, offsetof(FlowRecord, member), Field::field, \
            no_target                                                                     \
    }
#define BOTH(name, kind, member, field)                                                   \
    SlotShape {                                                                           \
        Slot::name, Kind::kind, Into::record, offsetof(FlowRecord, member), Field::field, \
            in_reverse(offsetof(FlowRecord, member))                                      \
    }
#define WORK(name, kind, member, field)                                                     \
    SlotShape {                                                                             \
        Slot::name, Kind::kind, Into::work, offsetof(Work, member), Field::field, no_target \
    }

// In the order of Slot.
constexpr std::array shapes{
    BOTH(bytes, number64, bytes, bytes),
    BOTH(packets, number64, packets, packets),
    RECORD(out_bytes, number64, out_bytes, out_bytes),
    RECORD(out_packets, number64, out_packets, out_packets),
    RECORD(flows, number64, flows, flows),
    RECORD(frame_bytes, number64, frame_bytes, frame_bytes),
    RECORD(flow_id, number64, flow_id, flow_id),
    RECORD(src4, ip4, src, src),
    RECORD(src6, ip6, src, src),
    RECORD(dst4, ip4, dst, dst),
    RECORD(dst6, ip6, dst, dst),
    RECORD(next_hop4, ip4, next_hop, next_hop),
    RECORD(next_hop6, ip6, next_hop, next_hop),
    WORK(bgp_next_hop4, ip4, bgp_next_hop, next_hop),
    WORK(bgp_next_hop6, ip6, bgp_next_hop, next_hop),
    RECORD(nat_src4, ip4, nat_src, nat_src),
    RECORD(nat_src6, ip6, nat_src, nat_src),
    RECORD(nat_dst4, ip4, nat_dst, nat_dst),
    RECORD(nat_dst6, ip6, nat_dst, nat_dst),
    RECORD(src_mac, mac, src_mac, src_mac),
    RECORD(dst_mac, mac, dst_mac, dst_mac),
    RECORD(sport, number16, sport, sport),
    RECORD(dport, number16, dport, dport),
    RECORD(nat_sport, number16, nat_sport, nat_sport),
    RECORD(nat_dport, number16, nat_dport, nat_dport),
    RECORD(port_first, number16, port_first, port_range),
    RECORD(port_last, number16, port_last, port_range),
    RECORD(port_step, number16, port_step, port_range),
    RECORD(port_count, number16, port_count, port_range),
    RECORD(proto, number8, proto, proto),
    BOTH(tos, number8, tos, tos),
    BOTH(tcp_flags, number8, tcp_flags, tcp_flags),
    WORK(icmp, number16, icmp, icmp),
    RECORD(icmp_type, number8, icmp_type, icmp),
    RECORD(icmp_code, number8, icmp_code, icmp),
    BOTH(vlan, number16, vlan, vlan),
    RECORD(inner_vlan, number16, inner_vlan, inner_vlan),
    RECORD(ethertype, number16, ethertype, ethertype),
    BOTH(in_if, number32, in_if, in_if),
    BOTH(out_if, number32, out_if, out_if),
    RECORD(src_as, number32, src_as, src_as),
    RECORD(dst_as, number32, dst_as, dst_as),
    RECORD(src_mask4, number8, src_mask, src_mask),
    RECORD(src_mask6, number8, src_mask, src_mask),
    RECORD(dst_mask4, number8, dst_mask, dst_mask),
    RECORD(dst_mask6, number8, dst_mask, dst_mask),
    RECORD(direction, number8, direction, direction),
    RECORD(sampler, number32, sampler, sampler),
    WORK(sampling_a, number64, sampling_a, sampling),
    WORK(sampling_b, number64, sampling_b, sampling),
    RECORD(user, text, user, user),
    RECORD(section, octets, section, section),
    RECORD(forwarding_status, number8, forwarding_status, forwarding_status),
    RECORD(firewall_event, number8, firewall_event, firewall_event),
    RECORD(nat_event, number8, nat_event, nat_event),
    SlotShape{Slot::first, Kind::number64, Into::work, offsetof(Work, first), Field::first,
              offsetof(Work, reverse_first)},
    SlotShape{Slot::last, Kind::number64, Into::work, offsetof(Work, last), Field::last,
              offsetof(Work, reverse_last)},
    WORK(observed, number64, observed, first),
    WORK(span, number64, span, first),
    WORK(init, number64, init_ms, first),
    WORK(reverse_delta, number64, reverse_delta_ms, first),
};
#undef RECORD
#undef BOTH
#undef WORK
static_assert(shapes.size() == slot_count);
static_assert([] {
    for (std::size_t i = 0; i < slot_count; ++i)
        if (shapes[i].slot != Slot{static_cast<std::uint8_t>(i)}) return false;
    return true;
}());

constexpr Role role(std::uint32_t enterprise, std::uint16_t id, Slot slot, std::uint8_t rank = 0) {
    return {enterprise, id, slot, rank, 0, false};
}
constexpr Role role(std::uint16_t id, Slot slot, std::uint8_t rank = 0) {
    return role(0, id, slot, rank);
}
constexpr Role responder(std::uint16_t id, Slot slot) { return {0, id, slot, 0, 0, true}; }
template <typename Form>
constexpr Role form(std::uint16_t id, Slot slot, Form form, std::uint8_t rank) {
    return {0, id, slot, rank, static_cast<std::uint8_t>(form), false};
}

constexpr std::uint32_t cert = 6871;

constexpr std::array role_table{
    role(1, Slot::bytes, 1),
    role(2, Slot::packets, 1),
    role(3, Slot::flows),
    role(4, Slot::proto),
    role(5, Slot::tos),
    role(6, Slot::tcp_flags),
    role(7, Slot::sport),
    role(8, Slot::src4),
    role(9, Slot::src_mask4),
    role(10, Slot::in_if),
    role(11, Slot::dport),
    role(12, Slot::dst4),
    role(13, Slot::dst_mask4),
    role(14, Slot::out_if),
    role(15, Slot::next_hop4),
    role(16, Slot::src_as),
    role(17, Slot::dst_as),
    role(18, Slot::bgp_next_hop4),
    form(21, Slot::last, TimeForm::uptime_ms, 4),
    form(22, Slot::first, TimeForm::uptime_ms, 4),
    role(23, Slot::out_bytes),
    role(24, Slot::out_packets),
    role(27, Slot::src6),
    role(28, Slot::dst6),
    role(29, Slot::src_mask6),
    role(30, Slot::dst_mask6),
    role(32, Slot::icmp),
    form(34, Slot::sampling_a, SamplingForm::interval, 0),
    role(44, Slot::src4, 1),
    role(45, Slot::dst4, 1),
    role(48, Slot::sampler, 1),
    form(50, Slot::sampling_a, SamplingForm::interval, 1),
    role(55, Slot::tos, 1),
    role(56, Slot::src_mac),
    role(57, Slot::dst_mac, 1),
    role(58, Slot::vlan),
    role(59, Slot::vlan, 2),
    role(61, Slot::direction),
    role(62, Slot::next_hop6),
    role(63, Slot::bgp_next_hop6),
    role(80, Slot::dst_mac),
    role(81, Slot::src_mac, 1),
    role(85, Slot::bytes, 3),
    role(86, Slot::packets, 3),
    role(89, Slot::forwarding_status),
    role(103, Slot::frame_bytes, 3),
    form(104, Slot::section, flow::SectionKind::frame, 2),
    role(139, Slot::icmp),
    role(148, Slot::flow_id),
    form(150, Slot::first, TimeForm::seconds, 3),
    form(151, Slot::last, TimeForm::seconds, 3),
    form(152, Slot::first, TimeForm::milliseconds, 2),
    form(153, Slot::last, TimeForm::milliseconds, 2),
    form(154, Slot::first, TimeForm::ntp_micro, 1),
    form(155, Slot::last, TimeForm::ntp_micro, 1),
    form(156, Slot::first, TimeForm::ntp_nano, 0),
    form(157, Slot::last, TimeForm::ntp_nano, 0),
    form(158, Slot::first, TimeForm::delta_us, 5),
    form(159, Slot::last, TimeForm::delta_us, 5),
    role(160, Slot::init),
    form(161, Slot::span, SpanForm::milliseconds, 1),
    form(162, Slot::span, SpanForm::microseconds, 0),
    role(169, Slot::dst6, 1),
    role(170, Slot::src6, 1),
    role(171, Slot::bytes, 4),
    role(172, Slot::packets, 4),
    role(176, Slot::icmp_type),
    role(177, Slot::icmp_code),
    role(178, Slot::icmp_type),
    role(179, Slot::icmp_code),
    role(180, Slot::sport, 1),
    role(181, Slot::dport, 1),
    role(182, Slot::sport, 1),
    role(183, Slot::dport, 1),
    role(225, Slot::nat_src4),
    role(226, Slot::nat_dst4),
    role(227, Slot::nat_sport),
    role(228, Slot::nat_dport),
    role(230, Slot::nat_event),
    role(231, Slot::bytes),
    responder(232, Slot::bytes),
    role(233, Slot::firewall_event),
    role(243, Slot::vlan, 1),
    role(245, Slot::inner_vlan),
    role(252, Slot::in_if, 1),
    role(253, Slot::out_if, 1),
    role(254, Slot::vlan, 3),
    role(255, Slot::inner_vlan, 1),
    role(256, Slot::ethertype),
    role(281, Slot::nat_src6),
    role(282, Slot::nat_dst6),
    role(298, Slot::packets),
    responder(299, Slot::packets),
    role(302, Slot::sampler),
    form(305, Slot::sampling_a, SamplingForm::count_space, 2),
    form(306, Slot::sampling_b, SamplingForm::count_space, 2),
    form(309, Slot::sampling_a, SamplingForm::size_population, 3),
    form(310, Slot::sampling_b, SamplingForm::size_population, 3),
    form(311, Slot::sampling_a, SamplingForm::probability, 4),
    role(312, Slot::frame_bytes, 2),
    form(313, Slot::section, flow::SectionKind::ip, 1),
    form(315, Slot::section, flow::SectionKind::frame, 0),
    form(322, Slot::observed, TimeForm::seconds, 3),
    form(323, Slot::observed, TimeForm::milliseconds, 2),
    form(324, Slot::observed, TimeForm::ntp_micro, 1),
    form(325, Slot::observed, TimeForm::ntp_nano, 0),
    role(352, Slot::frame_bytes),
    role(353, Slot::frame_bytes, 1),
    role(361, Slot::port_first),
    role(362, Slot::port_last),
    role(363, Slot::port_step),
    role(364, Slot::port_count),
    role(371, Slot::user),
    role(414, Slot::src_mac, 2),
    role(415, Slot::dst_mac, 2),
    role(40000, Slot::user, 1),
    role(40001, Slot::nat_src4, 1),
    role(40002, Slot::nat_dst4, 1),
    role(40003, Slot::nat_sport, 1),
    role(40004, Slot::nat_dport, 1),
    role(40005, Slot::firewall_event, 1),
    role(56702, Slot::user, 1),
    role(cert, 21, Slot::reverse_delta),
};

constexpr std::pair<std::uint32_t, std::uint16_t> key(const Role& r) {
    return {r.enterprise, r.id};
}
static_assert([] {
    for (std::size_t i = 1; i < role_table.size(); ++i)
        if (!(key(role_table[i - 1]) < key(role_table[i]))) return false;
    return true;
}());

}  // namespace

const SlotShape& shape(Slot slot) noexcept { return shapes[static_cast<std::size_t>(slot)]; }

std::span<const Role> roles() noexcept { return role_table; }

const Role* find_role(std::uint32_t enterprise, std::uint16_t id) noexcept {
    const std::pair wanted{enterprise, id};
    const auto found = std::lower_bound(role_table.begin(), role_table.end(), wanted,
                                        [](const Role& r, const auto& w) { return key(r) < w; });
    return found != role_table.end() && key(*found) == wanted ? &*found : nullptr;
}

}  // namespace octroi::ipfix
