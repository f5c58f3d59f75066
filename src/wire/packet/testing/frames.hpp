// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Addresses, headers and a checked decode() for the tests of this folder.

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string_view>

#include "wire/packet/packet.hpp"
#include "wire/packet/testing/build.hpp"

namespace octroi::packet::testing_frames {

using build::Frame;
using build::Ipv4;
using build::Ipv6;

inline const Mac mac_a{{0x02, 0, 0, 0, 0, 0x0a}};
inline const Mac mac_b{{0x02, 0, 0, 0, 0, 0x0b}};
inline const Address v4_a = Address::v4(0xc0000201);
inline const Address v4_b = Address::v4(0xc6336402);

inline Address v6(std::uint8_t last) {
    Address a;
    a.family = Family::v6;
    a.octets = {0x20, 0x01, 0x0d, 0xb8};
    a.octets[15] = last;
    return a;
}

inline Frame ethernet() { return Frame().ethernet(mac_b, mac_a); }
inline Ipv4 v4_header() { return {.src = v4_a, .dst = v4_b}; }
inline Ipv6 v6_header() { return {.src = v6(1), .dst = v6(2)}; }

// Decodes from a heap block of exactly the size of the octets, so that a sanitizer reports a read
// after the end.
inline Packet decode_exact(LinkType link, std::string_view octets, std::uint32_t wire_length = 0,
                           std::uint16_t interface = 0) {
    const auto copy = std::make_unique<std::byte[]>(octets.size());
    std::memcpy(copy.get(), octets.data(), octets.size());
    Packet p;
    std::memset(static_cast<void*>(&p), 0x5a,
                sizeof p);  // shows fields that decode() does not write
    const Outcome outcome = decode(
        link, {copy.get(), octets.size()},
        wire_length != 0 ? wire_length : static_cast<std::uint32_t>(octets.size()), p, interface);
    EXPECT_EQ(outcome, p.outcome);
    return p;
}

inline Packet decode_exact(const Frame& frame) {
    return decode_exact(LinkType::ethernet, frame.octets());
}

}  // namespace octroi::packet::testing_frames
