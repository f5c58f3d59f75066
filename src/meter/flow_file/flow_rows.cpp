// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/flow_file/flow_rows.hpp"

#include <array>

namespace octroi::flow_file {
namespace {

using flow::Field;

struct FlowField {
    Column column;
    std::string_view type;  // for the documentation
    std::string_view doc;   // one sentence
    Cell (*value)(const FlowRow&);
};

// A number of a field that may be absent; zero is printed.
template <Field field, auto member>
Cell number(const FlowRow& row) {
    if (!row.record.has(field)) return {};
    return std::uint64_t{row.record.*member};
}

// A number that is absent where it is zero.
template <auto member>
Cell some_number(const FlowRow& row) {
    return row.record.*member == 0 ? Cell{} : Cell{std::uint64_t{row.record.*member}};
}

// An address or a MAC; absent where the record has none.
template <Field field, auto member>
Cell end(const FlowRow& row) {
    if (!row.record.has(field) || (row.record.*member).empty()) return {};
    return row.record.*member;
}

// As many digits as the value needs, at least 3: exporters have milliseconds or better.
int digits_of(UtcTime time) noexcept {
    if (time.ns % 1'000'000 == 0) return 3;
    return time.ns % 1000 == 0 ? 6 : 9;
}

template <Field field, auto member>
Cell moment(const FlowRow& row) {
    if (!row.record.has(field)) return {};
    const UtcTime time = row.record.*member;
    return Moment{time, digits_of(time)};
}

Cell kind_of(const FlowRow& row) {
    switch (row.record.kind) {
        case flow::RecordKind::traffic:
            return {};
        case flow::RecordKind::event:
            return std::string_view("event");
        case flow::RecordKind::non_ip:
            return std::string_view("non-ip");
    }
    return {};
}

Cell direction_of(const FlowRow& row) {
    if (!row.record.has(Field::direction)) return {};
    return std::string_view(row.record.direction == 0 ? "in" : "out");
}

Cell counting_of(const FlowRow& row) {
    if (row.record.counting != flow::Counting::total) return {};
    return std::string_view("total");
}

Cell user_of(const FlowRow& row) {
    if (row.record.user.empty()) return {};
    return row.record.user;
}

Cell received_of(const FlowRow& row) {
    if (row.received_digits == 0) return {};
    return Moment{row.context.received, row.received_digits};
}

// Columns by how people use them: everyone sees the flow itself, machines all the rest.
constexpr Audience everyone = Audience::everyone;
constexpr Audience machines = Audience::machines;
using flow::FlowRecord;

const std::array<FlowField, 52> fields{{
    {{"kind", "Kind", ColumnKind::text, machines},
     "text",
     "Absent for traffic; `event` for an event of a firewall or NAT device without counts; "
     "`non-ip` "
     "for a sampled frame without IP.",
     kind_of},
    {{"exporter", "Exporter", ColumnKind::text, everyone, 2},
     "address",
     "The sender of the message; for sFlow the agent. Absent if the file is no capture.",
     [](const FlowRow& row) {
         return row.context.exporter.empty() ? Cell{} : Cell{row.context.exporter};
     }},
    {{"protocol", "Protocol", ColumnKind::text, machines},
     "text",
     "`netflow`, `ipfix` or `sflow`.",
     [](const FlowRow& row) { return Cell{flow::name(row.context.protocol)}; }},
    {{"version", "Version", ColumnKind::number, machines},
     "integer",
     "1, 5, 7, 9 of NetFlow, 10 of IPFIX, 5 of sFlow.",
     [](const FlowRow& row) {
         return Cell{static_cast<std::uint64_t>(flow::version(row.context.protocol))};
     }},
    {{"domain", "Domain", ColumnKind::number, machines},
     "integer",
     "Observation domain of IPFIX, source id of v9, engine type * 256 + engine id of v5 and v7, "
     "sub "
     "agent of sFlow.",
     [](const FlowRow& row) { return Cell{std::uint64_t{row.context.observation_domain}}; }},
    {{"src", "Source"}, "address", "Source address.", end<Field::src, &FlowRecord::src>},
    {{"sport", "Port", ColumnKind::number},
     "integer",
     "Source port, as sent.",
     number<Field::sport, &FlowRecord::sport>},
    {{"dst", "Destination"}, "address", "Destination address.", end<Field::dst, &FlowRecord::dst>},
    {{"dport", "Port", ColumnKind::number},
     "integer",
     "Destination port, as sent.",
     number<Field::dport, &FlowRecord::dport>},
    {{"proto", "Proto", ColumnKind::number},
     "integer",
     "IANA protocol number.",
     number<Field::proto, &FlowRecord::proto>},
    {{"packets", "Packets", ColumnKind::packets},
     "integer",
     "Packets as sent, not multiplied by the sampling rate; of an sFlow sample 1.",
     number<Field::packets, &FlowRecord::packets>},
    {{"bytes", "Bytes", ColumnKind::bytes},
     "integer",
     "Layer 3 bytes as sent, not multiplied by the sampling rate; of sFlow those of the sampled IP "
     "packet. Of `non-ip` those of the frame.",
     number<Field::bytes, &FlowRecord::bytes>},
    {{"flows", "Flows", ColumnKind::count, machines},
     "integer",
     "Flows that the exporter aggregated into this record.",
     number<Field::flows, &FlowRecord::flows>},
    {{"sampling", "Sampling", ColumnKind::number, machines},
     "integer",
     "The sampling rate N (1 packet of N is counted): from the record, from options data, from the "
     "header of v5, or from the sample.",
     number<Field::sampling, &FlowRecord::sampling>},
    {{"sampler", "Sampler", ColumnKind::number, machines},
     "integer",
     "Number of the sampler; of sFlow the data source.",
     number<Field::sampler, &FlowRecord::sampler>},
    {{"counting", "Counting", ColumnKind::text, machines},
     "text",
     "`total`: running totals; the counts of the next record of the flow include these counts.",
     counting_of},
    {{"first", "First", ColumnKind::time, everyone, 1},
     "time",
     "Time of the first packet by the exporter's clock.",
     moment<Field::first, &FlowRecord::first>},
    {{"last", "Last", ColumnKind::time, machines},
     "time",
     "Time of the last packet.",
     moment<Field::last, &FlowRecord::last>},
    {{"received", "Received", ColumnKind::time, machines},
     "time",
     "When the message was captured. If it is in several frames (fragments, TCP): when the last "
     "one was captured.",
     received_of},
    {{"tcp_flags", "TCP flags", ColumnKind::number, machines},
     "integer",
     "All flags seen, or-ed.",
     number<Field::tcp_flags, &FlowRecord::tcp_flags>},
    {{"icmp_type", "ICMP type", ColumnKind::number, machines},
     "integer",
     "ICMP and ICMPv6 only.",
     number<Field::icmp, &FlowRecord::icmp_type>},
    {{"icmp_code", "ICMP code", ColumnKind::number, machines},
     "integer",
     "ICMP and ICMPv6 only.",
     number<Field::icmp, &FlowRecord::icmp_code>},
    {{"tos", "TOS", ColumnKind::number, machines},
     "integer",
     "IPv4 type of service or IPv6 traffic class, all 8 bits.",
     number<Field::tos, &FlowRecord::tos>},
    {{"vlan", "VLAN", ColumnKind::number, machines},
     "integer",
     "VLAN id of the outer tag, or of the VLAN on which the packet arrived.",
     number<Field::vlan, &FlowRecord::vlan>},
    {{"inner_vlan", "Inner VLAN", ColumnKind::number, machines},
     "integer",
     "VLAN id of the inner tag (QinQ).",
     number<Field::inner_vlan, &FlowRecord::inner_vlan>},
    {{"ethertype", "Ethertype", ColumnKind::number, machines},
     "integer",
     "Type of the frame; below 1536 it is an 802.3 length.",
     number<Field::ethertype, &FlowRecord::ethertype>},
    {{"src_mac", "Source MAC", ColumnKind::text, machines},
     "mac",
     "Source hardware address.",
     end<Field::src_mac, &FlowRecord::src_mac>},
    {{"dst_mac", "Destination MAC", ColumnKind::text, machines},
     "mac",
     "Destination hardware address.",
     end<Field::dst_mac, &FlowRecord::dst_mac>},
    {{"in_if", "In", ColumnKind::number, machines},
     "integer",
     "ifIndex of the interface on which the traffic arrived.",
     number<Field::in_if, &FlowRecord::in_if>},
    {{"out_if", "Out", ColumnKind::number, machines},
     "integer",
     "ifIndex of the interface on which the traffic left.",
     number<Field::out_if, &FlowRecord::out_if>},
    {{"src_as", "Source AS", ColumnKind::number, machines},
     "integer",
     "AS number of the source: origin or peer, as the exporter is configured.",
     number<Field::src_as, &FlowRecord::src_as>},
    {{"dst_as", "Destination AS", ColumnKind::number, machines},
     "integer",
     "AS number of the destination.",
     number<Field::dst_as, &FlowRecord::dst_as>},
    {{"src_mask", "Source mask", ColumnKind::number, machines},
     "integer",
     "Length of the prefix of the source in the routing table.",
     number<Field::src_mask, &FlowRecord::src_mask>},
    {{"dst_mask", "Destination mask", ColumnKind::number, machines},
     "integer",
     "Length of the prefix of the destination.",
     number<Field::dst_mask, &FlowRecord::dst_mask>},
    {{"next_hop", "Next hop", ColumnKind::text, machines},
     "address",
     "The next router: the BGP next hop where it is stated and not zero.",
     end<Field::next_hop, &FlowRecord::next_hop>},
    {{"direction", "Direction", ColumnKind::text, machines},
     "text",
     "`in` or `out`: whether the exporter observed the traffic where it entered or where it left.",
     direction_of},
    {{"nat_src", "NAT source", ColumnKind::text, machines},
     "address",
     "Source address after translation.",
     end<Field::nat_src, &FlowRecord::nat_src>},
    {{"nat_dst", "NAT destination", ColumnKind::text, machines},
     "address",
     "Destination address after translation.",
     end<Field::nat_dst, &FlowRecord::nat_dst>},
    {{"nat_sport", "NAT source port", ColumnKind::number, machines},
     "integer",
     "Source port after translation.",
     number<Field::nat_sport, &FlowRecord::nat_sport>},
    {{"nat_dport", "NAT destination port", ColumnKind::number, machines},
     "integer",
     "Destination port after translation.",
     number<Field::nat_dport, &FlowRecord::nat_dport>},
    {{"user", "User", ColumnKind::text, machines},
     "text",
     "User name, as the exporter states it.",
     user_of},
    {{"forwarding_status", "Forwarding status", ColumnKind::number, machines},
     "integer",
     "RFC 7270: 64 to 127 forwarded, 128 to 191 dropped, 192 to 255 consumed.",
     number<Field::forwarding_status, &FlowRecord::forwarding_status>},
    {{"firewall_event", "Firewall event", ColumnKind::number, machines},
     "integer",
     "1 created, 2 deleted, 3 denied, 4 alert, 5 update.",
     number<Field::firewall_event, &FlowRecord::firewall_event>},
    {{"nat_event", "NAT event", ColumnKind::number, machines},
     "integer",
     "RFC 8158.",
     number<Field::nat_event, &FlowRecord::nat_event>},
    {{"port_first", "First port", ColumnKind::number, machines},
     "integer",
     "The first port of a port block of a NAT device.",
     some_number<&FlowRecord::port_first>},
    {{"port_last", "Last port", ColumnKind::number, machines},
     "integer",
     "The last port of the block.",
     some_number<&FlowRecord::port_last>},
    {{"port_step", "Port step", ColumnKind::number, machines},
     "integer",
     "The step from one port of the block to the next, where it is not 1.",
     some_number<&FlowRecord::port_step>},
    {{"port_count", "Ports", ColumnKind::number, machines},
     "integer",
     "Number of ports in the block.",
     some_number<&FlowRecord::port_count>},
    {{"flow_id", "Flow", ColumnKind::number, machines},
     "integer",
     "The number that the exporter has given to the flow.",
     number<Field::flow_id, &FlowRecord::flow_id>},
    {{"frame_bytes", "Frame bytes", ColumnKind::bytes, machines},
     "integer",
     "sFlow: length of the sampled frame on the wire.",
     number<Field::frame_bytes, &FlowRecord::frame_bytes>},
    {{"reverse", "Reverse", ColumnKind::text, machines},
     "boolean",
     "true in the second of the two rows of a record with counts for both directions; else absent.",
     [](const FlowRow& row) { return row.record.reverse ? Cell{true} : Cell{}; }},
    {{"doubtful_length", "Doubtful length", ColumnKind::text, machines},
     "boolean",
     "true if `bytes` is what the IP header of a sampled frame states, and the exporter states no "
     "length of the frame, or one that cannot be; else absent.",
     [](const FlowRow& row) { return row.record.doubtful_length ? Cell{true} : Cell{}; }},
}};

}  // namespace

std::vector<Column> flow_columns() {
    std::vector<Column> columns;
    for (const FlowField& field : fields) columns.push_back(field.column);
    return columns;
}

void flow_cells(const FlowRow& row, std::vector<Cell>& cells) {
    cells.resize(fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) cells[i] = fields[i].value(row);
}

std::vector<DocumentedColumn> flow_fields() {
    std::vector<DocumentedColumn> documented;
    for (const FlowField& field : fields)
        documented.push_back({field.column, field.type, field.doc});
    return documented;
}

}  // namespace octroi::flow_file
