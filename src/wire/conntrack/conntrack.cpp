// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/conntrack/conntrack.hpp"

#include "wire/conntrack/netlink_attributes.hpp"

namespace octroi::conntrack {
namespace {

// linux/netfilter/nfnetlink_conntrack.h. Values are in network byte order.
namespace attribute {
constexpr std::uint16_t tuple_original = 1;
constexpr std::uint16_t tuple_reply = 2;
constexpr std::uint16_t status = 3;
constexpr std::uint16_t protocol_info = 4;
constexpr std::uint16_t timeout = 7;
constexpr std::uint16_t mark = 8;
constexpr std::uint16_t counters_original = 9;
constexpr std::uint16_t counters_reply = 10;
constexpr std::uint16_t id = 12;
constexpr std::uint16_t zone = 18;
constexpr std::uint16_t timestamp = 20;
}  // namespace attribute
namespace tuple_attribute {
constexpr std::uint16_t ip = 1;
constexpr std::uint16_t proto = 2;
constexpr std::uint16_t zone = 3;
}  // namespace tuple_attribute
// Kernels before 2.6.28 may state 32 bits.
namespace counter_attribute {
constexpr std::uint16_t packets = 1;
constexpr std::uint16_t bytes = 2;
constexpr std::uint16_t packets_32 = 3;
constexpr std::uint16_t bytes_32 = 4;
}  // namespace counter_attribute
// Nanoseconds since 1970.
namespace timestamp_attribute {
constexpr std::uint16_t start = 1;
constexpr std::uint16_t stop = 2;
}  // namespace timestamp_attribute
// CTA_PROTOINFO contains one of TCP, DCCP or SCTP; in each of them 1 is the state.
constexpr std::uint16_t protocol_state = 1;
namespace ip_attribute {
constexpr std::uint16_t v4_src = 1;
constexpr std::uint16_t v4_dst = 2;
constexpr std::uint16_t v6_src = 3;
constexpr std::uint16_t v6_dst = 4;
}  // namespace ip_attribute
namespace proto_attribute {
constexpr std::uint16_t number = 1;
constexpr std::uint16_t src_port = 2;
constexpr std::uint16_t dst_port = 3;
constexpr std::uint16_t icmp_id = 4;
constexpr std::uint16_t icmp_type = 5;
constexpr std::uint16_t icmp_code = 6;
constexpr std::uint16_t icmpv6_id = 7;
constexpr std::uint16_t icmpv6_type = 8;
constexpr std::uint16_t icmpv6_code = 9;
}  // namespace proto_attribute

[[nodiscard]] bool read(ByteSpan value, std::uint8_t& out) noexcept {
    if (value.size() != 1) return false;
    out = static_cast<std::uint8_t>(value.front());
    return true;
}
[[nodiscard]] bool read(ByteSpan value, std::uint16_t& out) noexcept {
    if (value.size() != 2) return false;
    out = load_be16(value.data());
    return true;
}
[[nodiscard]] bool read(ByteSpan value, std::uint32_t& out) noexcept {
    if (value.size() != 4) return false;
    out = load_be32(value.data());
    return true;
}
[[nodiscard]] bool read(ByteSpan value, std::uint64_t& out) noexcept {
    if (value.size() == 4) {
        out = load_be32(value.data());
        return true;
    }
    if (value.size() != 8) return false;
    out = load_be64(value.data());
    return true;
}
[[nodiscard]] bool read(ByteSpan value, Address& out, std::size_t octets) noexcept {
    if (value.size() != octets) return false;
    std::array<std::uint8_t, 16> copy{};
    std::memcpy(copy.data(), value.data(), octets);
    out = octets == 4 ? Address::v4(copy.data()) : Address::v6(copy.data());
    return true;
}

[[nodiscard]] bool read_ip(ByteSpan octets, Tuple& tuple) {
    return each_attribute(octets, [&](std::uint16_t type, ByteSpan value) {
        switch (type) {
            case ip_attribute::v4_src:
                return read(value, tuple.src, 4);
            case ip_attribute::v4_dst:
                return read(value, tuple.dst, 4);
            case ip_attribute::v6_src:
                return read(value, tuple.src, 16);
            case ip_attribute::v6_dst:
                return read(value, tuple.dst, 16);
            default:
                return true;
        }
    });
}

[[nodiscard]] bool read_protocol(ByteSpan octets, Tuple& tuple) {
    return each_attribute(octets, [&](std::uint16_t type, ByteSpan value) {
        switch (type) {
            case proto_attribute::number:
                return read(value, tuple.proto);
            case proto_attribute::src_port:
                return read(value, tuple.sport);
            case proto_attribute::dst_port:
                return read(value, tuple.dport);
            case proto_attribute::icmp_id:
            case proto_attribute::icmpv6_id:
                return read(value, tuple.sport) && read(value, tuple.dport);
            case proto_attribute::icmp_type:
            case proto_attribute::icmpv6_type:
                return read(value, tuple.icmp_type);
            case proto_attribute::icmp_code:
            case proto_attribute::icmpv6_code:
                return read(value, tuple.icmp_code);
            default:
                return true;
        }
    });
}

[[nodiscard]] bool read_tuple(ByteSpan octets, Tuple& tuple, std::uint16_t& zone) {
    return each_attribute(octets, [&](std::uint16_t type, ByteSpan value) {
        if (type == tuple_attribute::ip) return read_ip(value, tuple);
        if (type == tuple_attribute::proto) return read_protocol(value, tuple);
        if (type == tuple_attribute::zone) return read(value, zone);
        return true;
    });
}

// has_both: packets and octets are there.
[[nodiscard]] bool read_count(ByteSpan octets, Count& count, bool& has_both) {
    bool has_packets = false;
    bool has_bytes = false;
    const bool whole = each_attribute(octets, [&](std::uint16_t type, ByteSpan value) {
        switch (type) {
            case counter_attribute::packets:
            case counter_attribute::packets_32:
                has_packets = true;
                return read(value, count.packets);
            case counter_attribute::bytes:
            case counter_attribute::bytes_32:
                has_bytes = true;
                return read(value, count.bytes);
            default:
                return true;
        }
    });
    has_both = has_packets && has_bytes;
    return whole;
}

[[nodiscard]] bool read_times(ByteSpan octets, Entry& entry) {
    return each_attribute(octets, [&](std::uint16_t type, ByteSpan value) {
        std::uint64_t ns = 0;
        if (type != timestamp_attribute::start && type != timestamp_attribute::stop) return true;
        if (!read(value, ns)) return false;
        // The kernel states 0 where it does not know the time.
        if (ns == 0 || ns > static_cast<std::uint64_t>(INT64_MAX)) return true;
        const UtcTime time{static_cast<std::int64_t>(ns)};
        (type == timestamp_attribute::start ? entry.start : entry.stop) = time;
        return true;
    });
}

[[nodiscard]] bool read_state(ByteSpan octets, std::uint8_t& state) {
    return each_attribute(octets, [&](std::uint16_t, ByteSpan protocol) {
        return each_attribute(protocol, [&](std::uint16_t type, ByteSpan value) {
            return type != protocol_state || read(value, state);
        });
    });
}

[[nodiscard]] bool is_usable(const Connection& connection) noexcept {
    const Tuple& there = connection.original;
    const Tuple& back = connection.reply;
    const Family family = there.src.family;
    return family != Family::none && there.dst.family == family && back.src.family == family &&
           back.dst.family == family && there.proto == back.proto;
}

}  // namespace

bool decode_entry(ByteSpan message, Entry& entry) noexcept {
    entry = {};
    if (message.size() < family_header) return false;
    bool has_original = false;
    bool has_reply = false;
    Connection& connection = entry.connection;
    const bool whole =
        each_attribute(message.subspan(family_header), [&](std::uint16_t type, ByteSpan value) {
            switch (type) {
                case attribute::tuple_original:
                    return read_tuple(value, connection.original, entry.original_zone);
                case attribute::tuple_reply:
                    return read_tuple(value, connection.reply, entry.reply_zone);
                case attribute::counters_original:
                    return read_count(value, entry.original, has_original);
                case attribute::counters_reply:
                    return read_count(value, entry.reply, has_reply);
                case attribute::timestamp:
                    return read_times(value, entry);
                case attribute::protocol_info:
                    return read_state(value, entry.protocol_state);
                case attribute::id:
                    return read(value, connection.id);
                case attribute::zone:
                    return read(value, entry.zone);
                case attribute::mark:
                    return read(value, entry.mark);
                case attribute::status:
                    return read(value, entry.status);
                case attribute::timeout:
                    return read(value, entry.timeout);
                default:
                    return true;
            }
        });
    entry.has_counts = has_original && has_reply;
    return whole && is_usable(connection);
}

bool decode(ByteSpan message, Connection& connection) noexcept {
    connection = {};
    if (message.size() < family_header) return false;
    std::uint16_t zone = 0;
    const bool whole =
        each_attribute(message.subspan(family_header), [&](std::uint16_t type, ByteSpan value) {
            if (type == attribute::tuple_original)
                return read_tuple(value, connection.original, zone);
            if (type == attribute::tuple_reply) return read_tuple(value, connection.reply, zone);
            if (type == attribute::id && value.size() == sizeof connection.id)
                connection.id = load_be32(value.data());
            return true;
        });
    return whole && is_usable(connection);
}

}  // namespace octroi::conntrack
