// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/known_ports.hpp"

#include <gtest/gtest.h>

namespace octroi::exporter {
namespace {

TEST(KnownPorts, APortIsUsualAfterSomeMessages) {
    KnownPorts ports;
    for (std::uint32_t i = 1; i < KnownPorts::usual_messages; ++i) ports.add(4000);
    EXPECT_FALSE(ports.is_usual(4000));
    ports.add(4000);
    EXPECT_TRUE(ports.is_usual(4000));
    EXPECT_FALSE(ports.is_usual(4001));
}

TEST(KnownPorts, PortsThatChangeAreNotUsual) {
    KnownPorts ports;
    for (std::uint16_t port = 1; port < 1000; ++port) ports.add(port);
    for (std::uint16_t port = 1; port < 1000; ++port) EXPECT_FALSE(ports.is_usual(port));
}

TEST(KnownPorts, SavesAndRestores) {
    KnownPorts ports;
    for (std::uint32_t i = 0; i < KnownPorts::usual_messages; ++i) ports.add(4000);
    ByteWriter saved;
    ports.save(saved);
    KnownPorts other;
    ByteCursor from(as_octets(saved.octets()));
    ASSERT_TRUE(other.restore(from));
    EXPECT_TRUE(other.is_usual(4000));
}

}  // namespace
}  // namespace octroi::exporter
