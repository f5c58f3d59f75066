// SPDX-License-Identifier: GPL-3.0-or-later
// IEEE 802.11-2020, 9.2 and 9.3.2: data frames, and the headers that drivers put before them.
//
// Not decoded, and so non_ip: encrypted frames, parts of a fragmented frame (each is shorter
// than its IP header states), aggregates of several packets.

#include "wire/packet/link_detail.hpp"

namespace octroi::packet::detail {

namespace {

// The first octet of frame control: version 0, type data; bits of the subtype.
constexpr std::uint8_t type_mask = 0x0f;
constexpr std::uint8_t type_data = 0x08;
constexpr std::uint8_t without_data = 0x40;
constexpr std::uint8_t with_qos = 0x80;
// The second octet.
constexpr std::uint8_t to_ds = 0x01;
constexpr std::uint8_t from_ds = 0x02;
constexpr std::uint8_t more_fragments = 0x04;
constexpr std::uint8_t is_protected = 0x40;
constexpr std::uint8_t with_ht_control = 0x80;  // in frames with QoS

constexpr std::size_t base_header = 24;
constexpr std::size_t address_1 = 4;
constexpr std::size_t address_2 = 10;
constexpr std::size_t address_3 = 16;
constexpr std::size_t address_4 = 24;

// Destination and source, 9.3.2.1, table 9-30.
void copy_wireless_macs(Work& work, std::size_t at, std::uint8_t flags) noexcept {
    const bool to = (flags & to_ds) != 0;
    const bool from = (flags & from_ds) != 0;
    const std::size_t dst = to ? address_3 : address_1;
    const std::size_t src = !from ? address_2 : to ? address_4 : address_3;
    std::memcpy(work.out.macs.data(), work.frame.data() + at + dst, 6);
    std::memcpy(work.out.macs.data() + 6, work.frame.data() + at + src, 6);
}

// An A-MSDU (9.3.2.2.2): frames with an Ethernet header, padded to 4 octets. One packet is decoded
// of a frame, so only an aggregate of one.
Outcome aggregate(Work& work, std::size_t at) noexcept {
    constexpr std::size_t header = 14;
    if (!work.has(at, header)) return other(work, Outcome::non_ip);
    const std::size_t length = header + work.be16(at + 12);
    const std::size_t next = at + ((length + 3) & ~std::size_t{3});
    if (next + header < work.wire_length) return other(work, Outcome::non_ip);
    return unwrap(work, layer_at(Layer::ethernet, at));
}

// is_padded: the driver has padded the header to 4 octets.
Outcome data_frame(Work& work, std::size_t at, bool is_padded) noexcept {
    if (!work.has(at, base_header)) return other(work, Outcome::non_ip);
    const std::uint8_t kind = work.u8(at);
    const std::uint8_t flags = work.u8(at + 1);
    const bool is_fragment = (flags & more_fragments) != 0 || (work.u8(at + 22) & 0x0fU) != 0;
    if ((kind & type_mask) != type_data || (kind & without_data) != 0 || is_fragment ||
        (flags & is_protected) != 0)
        return other(work, Outcome::non_ip);
    std::size_t header = base_header;
    if ((flags & to_ds) != 0 && (flags & from_ds) != 0) header += 6;
    bool is_aggregate = false;
    if ((kind & with_qos) != 0) {
        if (!work.has(at + header, 2)) return other(work, Outcome::non_ip);
        is_aggregate = (work.u8(at + header) & 0x80U) != 0;
        header += 2;
        if ((flags & with_ht_control) != 0) header += 4;
    }
    if (!work.has(at, header)) return other(work, Outcome::non_ip);
    copy_wireless_macs(work, at, flags);
    const std::size_t payload = at + (is_padded ? (header + 3) & ~std::size_t{3} : header);
    if (is_aggregate) return aggregate(work, payload);
    return unwrap(work, layer_at(Layer::llc, payload));
}

// Whether the field "flags" of a radiotap header states padding (radiotap.org, "Flags"). Fields
// follow the words that say which are present, each at a multiple of its size.
bool states_padding(const Work& work, std::size_t at, std::size_t length) noexcept {
    constexpr std::uint32_t has_time = 1;
    constexpr std::uint32_t has_flags = 2;
    constexpr std::uint32_t another_word = 0x8000'0000U;
    constexpr std::uint8_t padding = 0x20;
    const std::uint32_t present = le32(work, at + 4);
    std::size_t field = 8;
    for (std::uint32_t word = present; (word & another_word) != 0; field += 4) {
        if (field + 4 > length || !work.has(at, field + 4)) return false;
        word = le32(work, at + field);
    }
    if ((present & has_flags) == 0) return false;
    if ((present & has_time) != 0) field = ((field + 7) & ~std::size_t{7}) + 8;
    return field < length && work.has(at + field, 1) && (work.u8(at + field) & padding) != 0;
}

}  // namespace

Outcome wireless(Work& work, std::size_t at) noexcept { return data_frame(work, at, false); }

// Version 0, pad, length in little endian, fields.
Outcome radiotap(Work& work, std::size_t at) noexcept {
    constexpr std::size_t shortest = 8;
    if (!work.has(at, shortest) || work.u8(at) != 0) return other(work, Outcome::non_ip);
    const std::size_t length = le16(work, at + 2);
    if (length < shortest) return other(work, Outcome::non_ip);
    return data_frame(work, at + length, states_padding(work, at, length));
}

// AVS: a magic number and the length of the header, both in network order. Prism: a message code
// and the length, both in the byte order of the host that captured.
Outcome prism_or_avs(Work& work, std::size_t at) noexcept {
    constexpr std::uint32_t avs_magic = 0x8021'1000;
    constexpr std::size_t longest = 1024;
    if (!work.has(at, 8)) return other(work, Outcome::non_ip);
    std::size_t length = work.be32(at + 4);
    if ((work.be32(at) & 0xffff'f000U) != avs_magic && length > longest)
        length = le32(work, at + 4);
    if (length < 8 || length > longest) return other(work, Outcome::non_ip);
    return data_frame(work, at + length, false);
}

}  // namespace octroi::packet::detail
