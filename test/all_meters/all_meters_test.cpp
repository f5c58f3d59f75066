// SPDX-License-Identifier: GPL-3.0-or-later
// Every meter of a router against a counter of nftables that counts the same packets: alone, and
// side by side with all the others. TCP, UDP, ICMP, fragments, many connections; IPv4 and IPv6.

#include <fmt/format.h>

#include "side_by_side.hpp"

namespace octroi::all_meters {
namespace {

std::vector<std::string_view> every_meter() {
    std::vector<std::string_view> meters;
    for (const Promise& promise : promises) meters.push_back(promise.meter);
    return meters;
}

class MeterAlone : public SideBySide, public testing::WithParamInterface<std::string_view> {};

TEST_P(MeterAlone, KeepsItsPromise) {
    connect(true);
    expect_promises({GetParam()});
}

INSTANTIATE_TEST_SUITE_P(Each, MeterAlone, testing::ValuesIn(every_meter()),
                         [](const auto& meter) { return std::string(meter.param); });

class AllMeters : public SideBySide {};

TEST_F(AllMeters, KeepTheirPromisesBehindNat) {
    connect(true);
    expect_promises(every_meter());
}

TEST_F(AllMeters, AreExactWithoutNat) {
    connect(false);
    expect_promises(every_meter());
}

TEST_F(AllMeters, KeepTheirPromisesInAVlan) {
    if (!connect_by_vlan(true)) GTEST_SKIP() << "this kernel has no VLAN devices";
    expect_promises(every_meter());
}

}  // namespace
}  // namespace octroi::all_meters
