// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What each information element means for a flow record: which field it fills, and which element
// counts where several fill the same field.

#include <cstddef>
#include <cstdint>
#include <span>

#include "wire/flow/flow_record.hpp"
#include "wire/ipfix/plan.hpp"

namespace octroi::ipfix {

// What elements fill: fields of a record, or values that fields are computed from. The IPv4 and the
// IPv6 element of an address have one each.
enum class Slot : std::uint8_t {
    bytes,
    packets,
    out_bytes,
    out_packets,
    flows,
    frame_bytes,
    flow_id,
    src4,
    src6,
    dst4,
    dst6,
    next_hop4,
    next_hop6,
    bgp_next_hop4,
    bgp_next_hop6,
    nat_src4,
    nat_src6,
    nat_dst4,
    nat_dst6,
    src_mac,
    dst_mac,
    sport,
    dport,
    nat_sport,
    nat_dport,
    port_first,
    port_last,
    port_step,
    port_count,
    proto,
    tos,
    tcp_flags,
    icmp,
    icmp_type,
    icmp_code,
    vlan,
    inner_vlan,
    ethertype,
    in_if,
    out_if,
    src_as,
    dst_as,
    src_mask4,
    src_mask6,
    dst_mask4,
    dst_mask6,
    direction,
    sampler,
    sampling_a,
    sampling_b,
    user,
    section,
    forwarding_status,
    firewall_event,
    nat_event,
    first,
    last,
    observed,
    span,
    init,
    reverse_delta,
    count,
};
inline constexpr std::size_t slot_count = static_cast<std::size_t>(Slot::count);

enum class Kind : std::uint8_t {
    number8,
    number16,
    number32,
    number64,
    ip4,
    ip6,
    mac,
    text,
    octets
};

struct SlotShape {
    Slot slot;
    Kind kind;             // how the value is stored
    Into into;             // where ...
    std::uint16_t target;  // ... and at which offset
    flow::Field field;     // the field it is needed for
    // The value of the reverse direction (RFC 5103): offset in Work, or no_target.
    std::uint16_t reverse_target;
};
inline constexpr std::uint16_t no_target = 0xffff;

[[nodiscard]] const SlotShape& shape(Slot slot) noexcept;

struct Role {
    std::uint32_t enterprise;
    std::uint16_t id;
    Slot slot;
    std::uint8_t rank;  // the lowest counts; of equal ones the first in the template
    std::uint8_t form;  // TimeForm, SpanForm, SamplingForm or flow::SectionKind, by slot
    bool reverse;       // describes the reverse direction: responder counts
};

// By enterprise and number, ascending.
[[nodiscard]] std::span<const Role> roles() noexcept;
// nullptr: no field is made of the element.
[[nodiscard]] const Role* find_role(std::uint32_t enterprise, std::uint16_t id) noexcept;

}  // namespace octroi::ipfix
