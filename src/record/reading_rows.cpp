// SPDX-License-Identifier: GPL-3.0-or-later
#include "record/reading_rows.hpp"

#include <array>

namespace octroi {
namespace {

// IANA protocol numbers.
constexpr std::uint8_t proto_icmp = 1;
constexpr std::uint8_t proto_tcp = 6;
constexpr std::uint8_t proto_udp = 17;
constexpr std::uint8_t proto_dccp = 33;
constexpr std::uint8_t proto_icmpv6 = 58;
constexpr std::uint8_t proto_sctp = 132;
constexpr std::uint8_t proto_udplite = 136;

bool is_ip(const Reading& r) { return is_flow_row(r); }

bool has_transport(const Reading& r) { return is_ip(r) && r.fragment != FragmentState::orphan; }

bool has_ports(const Reading& r) {
    switch (r.proto) {
        case proto_tcp:
        case proto_udp:
        case proto_dccp:
        case proto_sctp:
        case proto_udplite:
            return has_transport(r);
        default:
            return false;
    }
}

bool has_icmp(const Reading& r) {
    return has_transport(r) && (r.proto == proto_icmp || r.proto == proto_icmpv6);
}

Cell integer(std::uint64_t value) { return value; }
Cell integer_if(bool known, std::uint64_t value) { return known ? Cell{value} : Cell{}; }
Cell address_if(const Address& a) { return a.empty() ? Cell{} : Cell{a}; }
Cell mac_if(const Mac& m) { return m.empty() ? Cell{} : Cell{m}; }

Cell kind_of(const Reading& r) {
    switch (r.kind) {
        case ReadingKind::ip:
            return {};
        case ReadingKind::non_ip:
            return std::string_view("non-ip");
        case ReadingKind::malformed:
            return std::string_view("malformed");
        case ReadingKind::duplicate:
            return std::string_view("duplicate");
        case ReadingKind::dropped:
            return std::string_view("dropped");
        case ReadingKind::implausible:
            return std::string_view("implausible");
        case ReadingKind::no_user_needed:
            return std::string_view("no-user-needed");
    }
    return {};
}

Cell fragment_of(const Reading& r) {
    switch (r.fragment) {
        case FragmentState::whole:
            return {};
        case FragmentState::resolved:
            return std::string_view("resolved");
        case FragmentState::orphan:
            return std::string_view("orphan");
    }
    return {};
}

Cell direction_of(const Reading& r) {
    switch (r.direction) {
        case Direction::unknown:
            return {};
        case Direction::in:
            return std::string_view("in");
        case Direction::out:
            return std::string_view("out");
    }
    return {};
}

Cell interface_name(const Reading& r, const RowContext& c) {
    if (r.interface == no_name || r.interface > c.names.size()) return {};
    return std::string_view(c.names[r.interface - 1U].text);
}

struct ReadingField {
    Column column;
    std::string_view type;
    std::string_view doc;
    Cell (*value)(const Reading&, const RowContext&);
};

const std::array fields{
    ReadingField{
        {"kind", "Kind", ColumnKind::text, Audience::machines},
        "text",
        "Absent for IP traffic; `duplicate` for traffic that the source reports twice; "
        "`non-ip` for frames without IP, `malformed` for frames with an invalid IP header.",
        [](const Reading& r, const RowContext&) { return kind_of(r); }},
    ReadingField{{"ethertype", "Ethertype", ColumnKind::number, Audience::machines},
                 "integer",
                 "EtherType of a frame without IP; below 1536 it is an 802.3 length.",
                 [](const Reading& r, const RowContext&) {
                     return integer_if(r.kind == ReadingKind::non_ip, r.ethertype());
                 }},
    ReadingField{{"src", "Source"},
                 "address",
                 "Source address of the outermost IP packet.",
                 [](const Reading& r, const RowContext&) { return address_if(r.src); }},
    ReadingField{
        {"sport", "Port", ColumnKind::number},
        "integer",
        "Source port of TCP, UDP, UDP-Lite, SCTP and DCCP; absent where the ports are not "
        "known, as in later fragments.",
        [](const Reading& r, const RowContext&) { return integer_if(has_ports(r), r.sport); }},
    ReadingField{{"dst", "Destination"},
                 "address",
                 "Destination address of the outermost IP packet.",
                 [](const Reading& r, const RowContext&) { return address_if(r.dst); }},
    ReadingField{
        {"dport", "Port", ColumnKind::number},
        "integer",
        "Destination port, as `sport`.",
        [](const Reading& r, const RowContext&) { return integer_if(has_ports(r), r.dport); }},
    ReadingField{{"proto", "Proto", ColumnKind::number},
                 "integer",
                 "IANA protocol number; in IPv6 that of the header after the extension headers.",
                 [](const Reading& r, const RowContext&) { return integer_if(is_ip(r), r.proto); }},
    ReadingField{{"packets", "Packets", ColumnKind::packets},
                 "integer",
                 "IP packets; a fragment is a packet.",
                 [](const Reading& r, const RowContext&) { return integer(r.packets); }},
    ReadingField{
        {"bytes", "Bytes", ColumnKind::bytes},
        "integer",
        "Layer 3 bytes: IP header included, link layer header and padding not. Of `non-ip` "
        "and `malformed`: frame bytes on the wire.",
        [](const Reading& r, const RowContext&) { return integer(r.bytes); }},
    ReadingField{
        {"first", "First", ColumnKind::time, Audience::everyone, 1},
        "time",
        "Time of the first packet: RFC 3339, UTC, with as many digits as the source has.",
        [](const Reading& r, const RowContext& c) { return Cell{Moment{r.first, c.time_digits}}; }},
    ReadingField{
        {"last", "Last", ColumnKind::time, Audience::machines},
        "time",
        "Time of the last packet.",
        [](const Reading& r, const RowContext& c) { return Cell{Moment{r.last, c.time_digits}}; }},
    ReadingField{
        {"tcp_flags", "TCP flags", ColumnKind::number, Audience::machines},
        "integer",
        "TCP only: all flags seen, or-ed (FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, "
        "CWR 128).",
        [](const Reading& r, const RowContext&) {
            return integer_if(r.proto == proto_tcp && has_transport(r), r.tcp_flags);
        }},
    ReadingField{
        {"icmp_type", "ICMP type", ColumnKind::number, Audience::machines},
        "integer",
        "ICMP and ICMPv6 only.",
        [](const Reading& r, const RowContext&) { return integer_if(has_icmp(r), r.icmp_type); }},
    ReadingField{
        {"icmp_code", "ICMP code", ColumnKind::number, Audience::machines},
        "integer",
        "ICMP and ICMPv6 only.",
        [](const Reading& r, const RowContext&) { return integer_if(has_icmp(r), r.icmp_code); }},
    ReadingField{{"tos", "TOS", ColumnKind::number, Audience::machines},
                 "integer",
                 "IPv4 type of service or IPv6 traffic class of the first packet, all 8 bits.",
                 [](const Reading& r, const RowContext&) { return integer_if(is_ip(r), r.tos); }},
    ReadingField{
        {"fragment", "Fragment", ColumnKind::text, Audience::machines},
        "text",
        "`resolved`: later fragments, with the ports of their first one; `orphan`: later "
        "fragments without their first one, or all later fragments with `--fragments separate`.",
        [](const Reading& r, const RowContext&) { return fragment_of(r); }},
    ReadingField{
        {"vlan", "VLAN", ColumnKind::number, Audience::machines},
        "integer",
        "VLAN id of the outer tag; absent without a tag.",
        [](const Reading& r, const RowContext&) { return integer_if(r.vlan != 0, r.vlan); }},
    ReadingField{{"inner_vlan", "Inner VLAN", ColumnKind::number, Audience::machines},
                 "integer",
                 "VLAN id of the inner tag (QinQ).",
                 [](const Reading& r, const RowContext&) {
                     return integer_if(r.inner_vlan != 0, r.inner_vlan);
                 }},
    ReadingField{{"src_mac", "Source MAC", ColumnKind::text, Audience::machines},
                 "mac",
                 "Source hardware address.",
                 [](const Reading& r, const RowContext&) { return mac_if(r.src_mac); }},
    ReadingField{{"dst_mac", "Destination MAC", ColumnKind::text, Audience::machines},
                 "mac",
                 "Destination hardware address.",
                 [](const Reading& r, const RowContext&) { return mac_if(r.dst_mac); }},
    ReadingField{
        {"in_if", "In", ColumnKind::text, Audience::machines},
        "text",
        "Interface that the traffic came in by; of a capture: the interface it was seen on.",
        [](const Reading& r, const RowContext& c) {
            return r.direction == Direction::out ? Cell{} : interface_name(r, c);
        }},
    ReadingField{{"out_if", "Out", ColumnKind::text, Audience::machines},
                 "text",
                 "Interface that the traffic left by.",
                 [](const Reading& r, const RowContext& c) {
                     return r.direction == Direction::out ? interface_name(r, c) : Cell{};
                 }},
    ReadingField{{"direction", "Direction", ColumnKind::text, Audience::machines},
                 "text",
                 "`in`: the interface received the packets; `out`: it sent them.",
                 [](const Reading& r, const RowContext&) { return direction_of(r); }},
};

}  // namespace

std::vector<Column> reading_columns() {
    std::vector<Column> columns;
    for (const ReadingField& field : fields) columns.push_back(field.column);
    return columns;
}

std::vector<DocumentedColumn> reading_fields() {
    std::vector<DocumentedColumn> documented;
    for (const ReadingField& field : fields)
        documented.push_back({field.column, field.type, field.doc});
    return documented;
}

void reading_cells(const Reading& reading, const RowContext& context, std::vector<Cell>& cells) {
    cells.resize(fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) cells[i] = fields[i].value(reading, context);
}

}  // namespace octroi
