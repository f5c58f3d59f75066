// SPDX-License-Identifier: GPL-3.0-or-later
// Input: link type (16 bits, big endian), octets of the frame that the snap length cut off (16
// bits), the frame. See pcap/corpus_test.cpp for the corpus.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>

#include "base/check.hpp"
#include "wire/packet/detail.hpp"
#include "wire/packet/packet.hpp"
#include "wire/packet/packet_fast.hpp"
#include "wire/packet/payload.hpp"

namespace octroi::packet {
namespace {

struct Exact {
    explicit Exact(ByteSpan from)
        : octets(std::make_unique<std::byte[]>(from.size())), size(from.size()) {
        if (size != 0) std::memcpy(octets.get(), from.data(), size);
    }
    [[nodiscard]] ByteSpan span() const { return {octets.get(), size}; }
    std::unique_ptr<std::byte[]> octets;
    std::size_t size;
};

bool same(const Packet& a, const Packet& b) {
    return a.key == b.key && a.bytes == b.bytes && a.fragment_id == b.fragment_id &&
           a.transport == b.transport && a.macs == b.macs && a.ethertype == b.ethertype &&
           a.tos == b.tos && a.tcp_flags == b.tcp_flags && a.outcome == b.outcome &&
           a.fragment == b.fragment && a.direction == b.direction && a.truncated == b.truncated;
}

// Decodes twice, into memory with different contents: a field that is not written differs.
Packet decode_twice(LinkType link, ByteSpan frame, std::uint32_t wire_length) {
    Packet a;
    Packet b;
    std::memset(static_cast<void*>(&a), 0x00, sizeof a);
    std::memset(static_cast<void*>(&b), 0xff, sizeof b);
    const Outcome outcome = decode(link, frame, wire_length, a, 3);
    CHECK(decode(link, frame, wire_length, b, 3) == outcome && a.outcome == outcome);
    // The sanitizer reports a bool that was not written.
    CHECK(same(a, b));
    return a;
}

// wire_length: at least `size`.
void check_meaning(const Packet& p, std::size_t size, std::uint32_t wire_length) {
    CHECK(p.key.interface() == 3 && p.key.words[5] >> 48U == 0);
    CHECK(p.key.vlan() < 4096 && p.key.inner_vlan() < 4096);
    CHECK(p.transport <= size);
    if (p.outcome != Outcome::ip) {
        CHECK(p.bytes == wire_length && p.key.family() == Family::none && p.key.proto() == 0);
        CHECK(p.key.src() == Address{} && p.key.dst() == Address{});
        CHECK(p.fragment == Fragment::none && p.transport == 0 && !p.truncated);
        return;
    }
    const bool four = p.key.family() == Family::v4;
    CHECK(four || p.key.family() == Family::v6);
    CHECK(p.bytes >= (four ? 20U : 40U));
    if (four) CHECK(p.key.words[1] == 0 && p.key.words[3] == 0);
    if (four) CHECK(p.key.words[0] >> 32U == 0 && p.key.words[2] >> 32U == 0);
    if (p.fragment == Fragment::none) CHECK(p.fragment_id == 0);
    if (p.fragment == Fragment::later) {
        CHECK(p.key.sport() == 0 && p.key.dport() == 0 && p.tcp_flags == 0);
        CHECK(p.key.icmp_type() == 0 && p.key.icmp_code() == 0);
    }
    if (p.tcp_flags != 0) CHECK(p.key.proto() == 6);
}

// The general decoder must give the same result for an Ethernet frame.
void check_general_decoder(ByteSpan frame, std::uint32_t wire_length, const Packet& got) {
    if (frame.size() < 14) return;
    Packet want{};
    detail::Work work = detail::Work::of(frame, wire_length, 3, want);
    std::memcpy(want.macs.data(), frame.data(), 12);
    want.ethertype = work.be16(12);
    std::size_t at = 14;
    if (want.ethertype == 0x8100 && work.has(14, 4)) {
        work.vlan = work.be16(14) & 0x0fffU;
        want.ethertype = work.be16(16);
        at = 18;
    }
    if (want.ethertype == 0x0800) {
        detail::ipv4(work, at);
    } else if (want.ethertype == 0x86dd) {
        detail::ipv6(work, at);
    } else {
        return;
    }
    CHECK(same(want, got));
}

// Fewer captured octets change neither the addresses nor the length of an IPv4 packet. (In IPv6 the
// length may be in an option.)
void check_prefix(LinkType link, ByteSpan frame, std::uint32_t wire_length, const Packet& whole) {
    const Exact half(frame.first(frame.size() / 2 + frame.size() / 4));
    const Packet part = decode_twice(link, half.span(), wire_length);
    if (part.outcome != Outcome::ip || part.key.family() != Family::v4) return;
    CHECK(whole.outcome == Outcome::ip && whole.bytes == part.bytes);
    CHECK(whole.key.src() == part.key.src() && whole.key.dst() == part.key.dst());
    CHECK(whole.key.proto() == part.key.proto() && whole.fragment == part.fragment);
}

// The payload is within the frame, and find_payload() decodes the same packet as decode().
void check_payload(LinkType link, ByteSpan frame, std::uint32_t wire_length, const Packet& want) {
    Packet packet;
    Payload payload;
    const bool there = find_payload(link, frame, wire_length, packet, payload);
    CHECK(same(packet, want));
    CHECK(!there || want.outcome == Outcome::ip);
    if (!there) return;
    CHECK(payload.octets.size() <= payload.length && payload.length < packet.bytes);
    CHECK(payload.octets.empty() ||
          (payload.octets.data() >= frame.data() &&
           payload.octets.data() + payload.octets.size() <= frame.data() + frame.size()));
    // With several fragment headers, decode() uses the last one that it reaches, and find_payload()
    // stops after the first.
    if (want.fragment != Fragment::none) CHECK(payload.fragment());
}

void run(ByteSpan input) {
    if (input.size() < 4) return;
    const auto link = LinkType{load_be16(input.data())};
    const std::uint32_t cut_off = load_be16(input.data() + 2);
    const Exact frame(input.subspan(4));
    const std::uint32_t wire_length = static_cast<std::uint32_t>(frame.size) + cut_off;
    const Packet p = decode_twice(link, frame.span(), wire_length);
    check_meaning(p, frame.size, wire_length);
    // The netfilter log does not state the length on the wire.
    const std::uint32_t longest = link == LinkType::nflog ? max_plain_length : wire_length;
    CHECK(p.bytes <= std::max(wire_length, longest));
    Packet by_rule = p;
    by_rule.key.words[5] &= ~(std::uint64_t{0xffff} << 32U);  // the fast path got no interface
    check_payload(link, frame.span(), wire_length, by_rule);
    if (!is_supported(link)) CHECK(p.outcome == Outcome::non_ip);
    if (link == LinkType::ethernet) check_general_decoder(frame.span(), wire_length, p);
    check_prefix(link, frame.span(), wire_length, p);
}

}  // namespace
}  // namespace octroi::packet

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    octroi::packet::run(std::as_bytes(std::span(data, size)));
    return 0;
}
