// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/ipfix/export_record.hpp"

#include <algorithm>
#include <array>

namespace octroi::ipfix {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t uptime_at_start_s = 20LL * 24 * 3600;

// Elements of IANA's registry. v9 has 22 and 21, uptimes, in the place of 152 and 153.
constexpr std::array ipfix_v4 = std::to_array<TemplateField>({
    {.id = 8, .length = 4},
    {.id = 12, .length = 4},
    {.id = 7, .length = 2},
    {.id = 11, .length = 2},
    {.id = 4, .length = 1},
    {.id = 5, .length = 1},
    {.id = 6, .length = 1},
    {.id = 32, .length = 2},
    {.id = 1, .length = 8},
    {.id = 2, .length = 8},
    {.id = 10, .length = 4},
    {.id = 14, .length = 4},
    {.id = 58, .length = 2},
    {.id = 56, .length = 6},
    {.id = 80, .length = 6},
    {.id = 152, .length = 8},
    {.id = 153, .length = 8},
});

template <std::size_t N>
constexpr std::array<TemplateField, N> for_v6(std::array<TemplateField, N> fields) {
    fields[0] = {.id = 27, .length = 16};
    fields[1] = {.id = 28, .length = 16};
    for (TemplateField& field : fields)
        if (field.id == 32) field.id = 139;
    return fields;
}
template <std::size_t N>
constexpr std::array<TemplateField, N> for_v9(std::array<TemplateField, N> fields) {
    fields[N - 2] = {.id = 22, .length = 4};
    fields[N - 1] = {.id = 21, .length = 4};
    return fields;
}

constexpr auto ipfix_v6 = for_v6(ipfix_v4);
constexpr auto v9_v4 = for_v9(ipfix_v4);
constexpr auto v9_v6 = for_v9(ipfix_v6);

template <std::size_t N>
constexpr std::size_t sum(const std::array<TemplateField, N>& fields) {
    std::size_t octets = 0;
    for (const TemplateField& field : fields) octets += field.length;
    return octets;
}

void write_address(ByteWriter& to, const Address& address, Family family) {
    const std::size_t octets = family == Family::v4 ? 4 : 16;
    const Address none{};
    const Address& from = address.family == family ? address : none;
    for (std::size_t i = 0; i < octets; ++i) to.u8(from.octets[i]);
}

void write_mac(ByteWriter& to, const Mac& mac) {
    for (const std::uint8_t octet : mac.octets) to.u8(octet);
}

void pad(std::string& set) {
    while (set.size() % 4 != 0) set.push_back('\0');
}

std::string set_of(std::uint16_t id, std::string content) {
    pad(content);
    ByteWriter set;
    set.be16(id);
    set.be16(static_cast<std::uint16_t>(4 + content.size()));
    set.raw(content);
    return set.drain();
}

void add_template(ByteWriter& to, Dialect dialect, Family family) {
    const auto fields = export_fields(dialect, family);
    to.be16(family == Family::v4 ? v4_template : v6_template);
    to.be16(static_cast<std::uint16_t>(fields.size()));
    for (const TemplateField& field : fields) {
        to.be16(field.id);
        to.be16(field.length);
    }
}

// One scope field and one other. RFC 3954 section 6.1 has their lengths in octets here, RFC 7011
// section 3.4.2.2 the number of all fields and of scope fields.
std::string interface_options(Dialect dialect) {
    ByteWriter to;
    to.be16(interface_template);
    to.be16(dialect == Dialect::v9 ? 4 : 2);
    to.be16(dialect == Dialect::v9 ? 4 : 1);
    to.be16(dialect == Dialect::v9 ? 2 : 10);  // v9's scope "interface", ingressInterface
    to.be16(4);
    to.be16(82);  // interfaceName
    to.be16(interface_name_octets);
    return to.drain();
}

}  // namespace

Boot boot_before(UtcTime exported) noexcept {
    return {UtcTime::from_seconds(next_second(exported).ns / second_ns - uptime_at_start_s)};
}

UtcTime next_second(UtcTime time) noexcept {
    const std::int64_t floor = time.ns / second_ns - (time.ns % second_ns < 0 ? 1 : 0);
    return UtcTime::from_seconds(floor + (floor * second_ns == time.ns ? 0 : 1));
}

std::span<const TemplateField> export_fields(Dialect dialect, Family family) noexcept {
    if (dialect == Dialect::v9) return family == Family::v4 ? std::span(v9_v4) : std::span(v9_v6);
    return family == Family::v4 ? std::span(ipfix_v4) : std::span(ipfix_v6);
}

std::size_t record_octets(Dialect dialect, Family family) noexcept {
    if (dialect == Dialect::v9) return family == Family::v4 ? sum(v9_v4) : sum(v9_v6);
    return family == Family::v4 ? sum(ipfix_v4) : sum(ipfix_v6);
}

std::size_t interface_record_octets() noexcept { return 4 + interface_name_octets; }

std::string template_sets(Dialect dialect, bool with_interfaces) {
    ByteWriter data;
    add_template(data, dialect, Family::v4);
    add_template(data, dialect, Family::v6);
    std::string sets = set_of(template_set(dialect), data.drain());
    if (with_interfaces) sets += set_of(options_template_set(dialect), interface_options(dialect));
    return sets;
}

void write_record(ByteWriter& to, const flow::FlowRecord& record, Dialect dialect,
                  const Boot& boot) {
    // In the order and with the lengths of export_fields().
    const Family family = record.src.family == Family::v6 ? Family::v6 : Family::v4;
    write_address(to, record.src, family);
    write_address(to, record.dst, family);
    to.be16(record.sport);
    to.be16(record.dport);
    to.u8(record.proto);
    to.u8(record.tos);
    to.u8(record.tcp_flags);
    to.u8(record.icmp_type);
    to.u8(record.icmp_code);
    to.be64(record.bytes);
    to.be64(record.packets);
    to.be32(record.in_if);
    to.be32(record.out_if);
    to.be16(record.vlan);
    write_mac(to, record.src_mac);
    write_mac(to, record.dst_mac);
    if (dialect == Dialect::v9) {
        to.be32(boot.uptime(record.first));
        to.be32(boot.uptime(record.last));
    } else {
        to.be64(static_cast<std::uint64_t>(record.first.ns / 1'000'000));
        to.be64(static_cast<std::uint64_t>(record.last.ns / 1'000'000));
    }
}

void write_interface(ByteWriter& to, std::uint32_t number, const std::string& name) {
    to.be32(number);
    const std::size_t length = std::min(name.size(), interface_name_octets);
    to.raw(name.substr(0, length));
    for (std::size_t i = length; i < interface_name_octets; ++i) to.u8(0);
}

}  // namespace octroi::ipfix
