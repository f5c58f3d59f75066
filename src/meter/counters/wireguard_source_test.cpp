// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/counters/wireguard_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "meter/counters/testing/source_fixture.hpp"
#include "wire/wireguard/testing/messages.hpp"
#include "wire/wireguard/wireguard.hpp"

namespace octroi::counters {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using wireguard::testing::device_message;
using wireguard::testing::PeerText;

struct TestPeers {
    std::map<int, std::vector<PeerText>> by_index;
    int changes = 0;                         // so many listings are not consistent
    ErrorCode error = ErrorCode::not_found;  // of an interface that is not there
};

class TestWireguardHost final : public WireguardHost {
public:
    explicit TestWireguardHost(TestPeers& peers) : peers_(peers) {}
    Status list(int index, Handler handler, void* context) override {
        const auto found = peers_.by_index.find(index);
        if (found == peers_.by_index.end()) return fail(peers_.error, "no interface");
        // As the kernel divides them: a message for each peer, and the first one again, with the
        // rest of its addresses.
        std::optional<std::uint32_t> number = static_cast<std::uint32_t>(index);
        for (const PeerText& peer : found->second) {
            const std::string message = device_message(std::exchange(number, std::nullopt), {peer});
            handler(context, as_octets(message));
            PeerText rest = peer;
            rest.continues = true;
            const std::string again = device_message(std::nullopt, {rest});
            handler(context, as_octets(again));
        }
        if (peers_.changes > 0 && peers_.changes-- > 0)
            return fail(ErrorCode::busy, "changed meanwhile");
        return {};
    }

private:
    TestPeers& peers_;
};

class WireguardSourceTest : public testing::SourceMeterTest {
protected:
    void begin(std::vector<std::string> names = {}) {
        start(
            std::make_unique<WireguardSource>(std::move(names), states_addresses_,
                                              std::make_unique<testing::TestCounterHost>(machine_),
                                              std::make_unique<TestWireguardHost>(peers_)));
    }
    void add(const std::string& name, int index) {
        machine_.add(name, index).kind = "wireguard";
        peers_.by_index[index];
    }
    static std::string key(char octet) {
        std::array<std::byte, wireguard::key_octets> octets{};
        octets.fill(static_cast<std::byte>(octet));
        return wireguard::key_text(octets);
    }
    TestPeers peers_;
    bool states_addresses_ = false;
};

TEST_F(WireguardSourceTest, AddressesOfPeersAreStatedIfAskedFor) {
    add("wg0", 5);
    peers_.by_index[5] = {{.key = 'a', .allowed = {"10.0.0.2/32"}}};
    begin();
    read();
    EXPECT_TRUE(ledger_.identities.empty());
    states_addresses_ = true;
    begin();
    read();
    ASSERT_FALSE(ledger_.identities.empty());
    EXPECT_EQ(ledger_.identities[0].held.value, "10.0.0.2/32");
    EXPECT_EQ(ledger_.identities[0].holder.value, key('a'));
    peers_.by_index[5].clear();
    ledger_.identities.clear();
    read();
    ASSERT_EQ(ledger_.identities.size(), 1U);
    EXPECT_FALSE(ledger_.identities[0].is_held());
}

TEST_F(WireguardSourceTest, PeersCountByTheirKeysInBothDirections) {
    add("wg0", 5);
    machine_.add("eth0", 2);
    peers_.by_index[5] = {{.key = 'a', .received = 5000, .sent = 700}};
    begin();
    read();
    peers_.by_index[5][0].received += 100;
    peers_.by_index[5][0].sent += 40;
    peers_.by_index[5].push_back({.key = 'b', .received = 9, .sent = 0});
    peers_.changes = 2;
    read();
    EXPECT_THAT(ledger_.bytes, ElementsAre(Pair(key('a') + " in", 40), Pair(key('a') + " out", 100),
                                           Pair(key('b') + " out", 9)))
        << "what a peer sends is traffic from its account";
    EXPECT_THAT(ledger_.losses, IsEmpty());
}

TEST_F(WireguardSourceTest, APeerThatWasRemovedAndAddedAgainBeginsAt0) {
    add("wg0", 5);
    peers_.by_index[5] = {{.key = 'a', .received = 5000}};
    begin();
    read();
    peers_.by_index[5][0].received = 300;
    read();
    EXPECT_EQ(ledger_.bytes[key('a') + " out"], 300U);
    ASSERT_EQ(ledger_.losses.size(), 1U) << "the end of the old count";
    EXPECT_EQ(ledger_.losses[0].source, "wg0 peer " + key('a') + " received");
    peers_.by_index[5].clear();
    read();
    peers_.by_index[5] = {{.key = 'a', .received = 20}};
    read();
    EXPECT_EQ(ledger_.bytes[key('a') + " out"], 320U);
}

TEST_F(WireguardSourceTest, ANewInterfaceHasNewCounters) {
    add("wg0", 5);
    peers_.by_index[5] = {{.key = 'a', .received = 5000}};
    begin();
    read();
    machine_.present.clear();
    peers_.by_index.clear();
    add("wg0", 6);
    peers_.by_index[6] = {{.key = 'a', .received = 6000}};
    read();
    EXPECT_EQ(ledger_.bytes[key('a') + " out"], 6000U) << "wg-quick down and up";
    EXPECT_EQ(ledger_.losses.size(), 2U) << "the ends of the old counts";
}

TEST_F(WireguardSourceTest, AnInterfaceThatWasAwayIsNotCountedTwice) {
    add("wg0", 5);
    peers_.by_index[5] = {{.key = 'a', .received = 5000}};
    begin();
    read();
    const std::vector<Interface> away = std::exchange(machine_.present, {});
    read();
    machine_.present = away;
    peers_.by_index[5][0].received = 5070;
    read();
    EXPECT_EQ(ledger_.bytes[key('a') + " out"], 70U);
}

TEST_F(WireguardSourceTest, OnlyWhatIsCountedAfterTheFirstReadingIsBilled) {
    add("wg0", 5);
    peers_.by_index[5] = {{.key = 'a', .received = 5000}};
    begin();
    read();
    EXPECT_THAT(ledger_.bytes, IsEmpty());
    peers_.by_index[5][0].received = 5600;
    peers_.by_index[5].push_back({.key = 'b', .received = 30});
    begin();
    read();
    EXPECT_EQ(ledger_.bytes[key('a') + " out"], 600U) << "while the daemon was down";
    EXPECT_EQ(ledger_.bytes[key('b') + " out"], 30U) << "added while the daemon was down";
}

TEST_F(WireguardSourceTest, ABootBeginsAt0) {
    add("wg0", 5);
    peers_.by_index[5] = {{.key = 'a', .received = 50}};
    begin();
    read();
    machine_.boot = "boot 2";
    peers_.by_index[5][0].received = 900;
    begin();
    read();
    EXPECT_EQ(ledger_.bytes[key('a') + " out"], 900U) << "although it is larger than before";
}

TEST_F(WireguardSourceTest, AnInterfaceThatIsGoneMeanwhileIsNoError) {
    add("wg0", 5);
    peers_.by_index.clear();
    WireguardSource source({"wg0", "wg9"}, false,
                           std::make_unique<testing::TestCounterHost>(machine_),
                           std::make_unique<TestWireguardHost>(peers_));
    EXPECT_TRUE(source.check());
    const auto listing = source.read();
    ASSERT_TRUE(listing.has_value());
    EXPECT_THAT(listing->samples, IsEmpty());
    EXPECT_THAT(listing->missing, ElementsAre("WireGuard interface wg9"));
    peers_.error = ErrorCode::permission;
    EXPECT_FALSE(source.check());
    EXPECT_FALSE(source.read().has_value());
}

}  // namespace
}  // namespace octroi::counters
