// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/reverse_dns.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <vector>

namespace octroi {
namespace {

Address address(const char* text) { return *parse_address(text); }

TEST(ReverseDns, AsksOnceForEachAddress) {
    const auto asked = std::make_shared<std::atomic<int>>(0);
    ReverseDns dns(Duration::seconds(10), [asked](const Address& a) {
        ++*asked;
        return a == address("10.0.0.1") ? std::string("alice.example.org") : std::string();
    });
    const std::vector<Address> addresses{address("10.0.0.1"), address("10.0.0.2"),
                                         address("10.0.0.1")};
    dns.look_up(addresses);
    dns.look_up(addresses);
    EXPECT_EQ(*asked, 2);
    EXPECT_EQ(dns.name_of(address("10.0.0.1")), "alice.example.org");
    EXPECT_EQ(dns.name_of(address("10.0.0.2")), "");
    EXPECT_EQ(dns.name_of(address("2001:db8::1")), "");
}

TEST(ReverseDns, DoesNotWaitForASlowResolver) {
    std::promise<void> end;
    const std::shared_future<void> ended = end.get_future().share();
    ReverseDns dns(Duration::milliseconds(20), [ended](const Address&) {
        ended.wait();
        return std::string("late.example.org");
    });
    const std::vector<Address> addresses(1, address("10.0.0.1"));
    dns.look_up(addresses);  // would not return
    EXPECT_EQ(dns.name_of(address("10.0.0.1")), "");
    end.set_value();
}

// Who has an address also states its name.
TEST(ReverseDns, TakesNamesOfHostsOnly) {
    for (const char* name : {"=cmd|'x'!A0", "a b", "\x1b[2J", "", "ö.example"}) {
        ReverseDns dns(Duration::seconds(10), [name](const Address&) { return std::string(name); });
        dns.look_up(std::vector<Address>(1, address("10.0.0.1")));
        EXPECT_EQ(dns.name_of(address("10.0.0.1")), "") << name;
    }
}

TEST(ReverseDns, AsksTheSystem) {
    ReverseDns dns(Duration::seconds(10));
    dns.look_up(std::vector<Address>(1, address("127.0.0.1")));
    // Its name is a matter of this machine; that it answers in time is not.
    EXPECT_EQ(dns.name_of(address("127.0.0.1")).find(' '), std::string::npos);
}

}  // namespace
}  // namespace octroi
