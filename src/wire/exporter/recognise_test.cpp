// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/recognise.hpp"

#include <gtest/gtest.h>

#include <string>

namespace octroi::exporter {
namespace {

using flow::Protocol;

std::string words(std::initializer_list<int> values, std::size_t size) {
    ByteWriter w;
    for (const int value : values) w.be16(static_cast<std::uint16_t>(value));
    std::string out = w.drain();
    out.resize(size, '\x55');
    return out;
}

Protocol of(const std::string& octets) { return recognise(as_octets(octets)); }

TEST(Recognise, EachProtocol) {
    EXPECT_EQ(of(words({1, 2}, 16 + 2 * 48)), Protocol::netflow_v1);
    EXPECT_EQ(of(words({5, 30}, 24 + 30 * 48)), Protocol::netflow_v5);
    EXPECT_EQ(of(words({5, 0}, 24)), Protocol::netflow_v5);
    EXPECT_EQ(of(words({5, 100}, 24 + 100 * 48)), Protocol::netflow_v5);
    EXPECT_EQ(of(words({7, 3}, 24 + 3 * 52)), Protocol::netflow_v7);
    EXPECT_EQ(of(words({9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 256, 20}, 40)), Protocol::netflow_v9);
    EXPECT_EQ(of(words({9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20}, 40)), Protocol::netflow_v9);
    EXPECT_EQ(of(words({10, 36, 0, 0, 0, 0, 0, 0, 3, 20}, 36)), Protocol::ipfix);
    EXPECT_EQ(of(words({10, 16}, 16)), Protocol::ipfix);
    EXPECT_EQ(of(words({0, 5, 0, 1, 9, 9, 0, 0, 0, 1, 0, 2, 0, 1}, 36)), Protocol::sflow_v5);
}

TEST(Recognise, DamagedAndTruncatedMessages) {
    EXPECT_EQ(of(words({5, 30}, 24 + 12 * 48 + 7)), Protocol::netflow_v5);
    EXPECT_EQ(of(words({5, 2}, 24 + 2 * 48 + 10)), Protocol::netflow_v5);
    EXPECT_EQ(of(words({10, 500, 0, 0, 0, 0, 0, 0, 2, 20}, 200)), Protocol::ipfix);
}

TEST(Recognise, NoOtherProtocols) {
    // STUN: a binding request with attributes, and the shortest one.
    EXPECT_EQ(of(words({1, 88, 0x2112, 0xa442}, 108)), Protocol::unknown);
    EXPECT_EQ(of(words({1, 0, 0x2112, 0xa442}, 20)), Protocol::unknown);
    // XDMCP: a request.
    EXPECT_EQ(of(words({1, 7, 54, 1}, 78)), Protocol::unknown);
    // DNS queries with an id that is a version.
    EXPECT_EQ(of(words({5, 0x0100, 1, 0, 0, 0}, 40)), Protocol::unknown);
    EXPECT_EQ(of(words({9, 0x0100, 1, 0, 0, 0}, 40)), Protocol::unknown);
    EXPECT_EQ(of(words({10, 0x0100, 1, 0, 0, 0}, 40)), Protocol::unknown);
    EXPECT_EQ(of(words({0, 5, 0, 3}, 60)), Protocol::unknown);
    EXPECT_EQ(of(words({5, 55582}, 1464)), Protocol::unknown);
    EXPECT_EQ(of(std::string()), Protocol::unknown);
}

}  // namespace
}  // namespace octroi::exporter
