// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/local_networks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace octroi {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

Interface link(const std::string& name, const std::vector<std::string>& addresses) {
    Interface interface;
    interface.name = name;
    interface.up = true;
    for (const std::string& text : addresses) {
        const std::size_t slash = text.find('/');
        const Address address = *parse_address(text.substr(0, slash));
        interface.addresses.push_back(
            {address, Prefix::of(address, std::stoi(text.substr(slash + 1)))});
    }
    return interface;
}

std::vector<std::string> local(const std::vector<Interface>& present) {
    std::vector<std::string> networks;
    for (const LocalNetwork& network : networks_of(present).local)
        networks.push_back(network.prefix);
    return networks;
}

// A WAN with IPv4 and IPv6, and a LAN.
std::vector<Interface> router() {
    Interface wan = link("wan", {"203.0.113.2/24", "2001:db8:1::2/64", "fe80::2/64"});
    wan.uplink_v4 = wan.uplink_v6 = wan.forwards_v4 = wan.forwards_v6 = true;
    Interface lan = link("lan", {"192.168.1.1/24", "2001:db8:2::1/64", "fe80::1/64"});
    lan.forwards_v4 = lan.forwards_v6 = true;
    return {wan, lan};
}

TEST(LocalNetworks, OfTheUplinkOfARouterAreItsOwnAddresses) {
    EXPECT_THAT(local(router()),
                UnorderedElementsAre("203.0.113.2/32", "2001:db8:1::2/128", "fe80::/64",
                                     "192.168.1.0/24", "2001:db8:2::/64"));
    EXPECT_EQ(networks_of(router()).uplinks, "wan");
    EXPECT_THAT(networks_of(router()).outside,
                UnorderedElementsAre("203.0.113.0/24", "2001:db8:1::/64"));
}

// Behind another router: the range of the address does not matter.
TEST(LocalNetworks, OfAnUplinkWithPrivateAddressesToo) {
    Interface wan = link("wan", {"192.168.0.7/24"});
    wan.uplink_v4 = true;
    auto present = router();
    present[0] = wan;
    EXPECT_THAT(local(present), UnorderedElementsAre("192.168.0.7/32", "fe80::/64",
                                                     "192.168.1.0/24", "2001:db8:2::/64"));
}

// Its neighbours are in the same network as it.
TEST(LocalNetworks, OfAMachineThatDoesNotRouteAreThoseOfAllInterfaces) {
    Interface eth = link("eth0", {"192.0.2.10/24", "2001:db8:3::10/64"});
    eth.uplink_v4 = eth.uplink_v6 = true;
    EXPECT_THAT(local({eth}), UnorderedElementsAre("192.0.2.0/24", "2001:db8:3::/64"));
    // A second network without forwarding changes nothing; with forwarding it does.
    Interface other = link("eth1", {"10.0.0.1/8"});
    EXPECT_THAT(local({eth, other}),
                UnorderedElementsAre("192.0.2.0/24", "2001:db8:3::/64", "10.0.0.0/8"));
    EXPECT_THAT(networks_of({eth, other}).uplinks, IsEmpty());
    other.forwards_v4 = true;
    EXPECT_THAT(local({eth, other}),
                UnorderedElementsAre("192.0.2.10/32", "2001:db8:3::/64", "10.0.0.0/8"));
}

// The default route of IPv6 leaves by the LAN, through another router.
TEST(LocalNetworks, AreFoundForEachFamilyAlone) {
    auto present = router();
    present[0].uplink_v6 = false;
    present[1].uplink_v6 = true;
    EXPECT_THAT(local(present),
                UnorderedElementsAre("203.0.113.2/32", "2001:db8:1::/64", "fe80::/64",
                                     "192.168.1.0/24", "2001:db8:2::1/128"));
}

TEST(LocalNetworks, HaveTheOwnAddressOfAPointToPointLink) {
    Interface ppp = link("ppp0", {});
    const Address peer = *parse_address("198.51.100.1");
    ppp.addresses.push_back({*parse_address("203.0.113.9"), Prefix::of(peer, 32)});
    EXPECT_THAT(local({ppp}), UnorderedElementsAre("198.51.100.1/32", "203.0.113.9/32"));
    auto present = router();
    ppp.uplink_v4 = true;
    present[0] = ppp;
    EXPECT_THAT(local(present), UnorderedElementsAre("203.0.113.9/32", "fe80::/64",
                                                     "192.168.1.0/24", "2001:db8:2::/64"));
}

}  // namespace
}  // namespace octroi
