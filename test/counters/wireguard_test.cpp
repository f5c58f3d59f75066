// SPDX-License-Identifier: GPL-3.0-or-later
// Peers of WireGuard: a tunnel over the cable, and a kernel that has no WireGuard.

#include <sstream>

#include "support/counters_fixture.hpp"

namespace octroi {
namespace {

std::string first_line_of(const std::string& text) { return text.substr(0, text.find('\n')); }

class WireguardTest : public CountersFixture {
protected:
    [[nodiscard]] bool kernel_has_it() const {
        const Ended made =
            support::run(in(near_, {"ip", "link", "add", "wgtry", "type", "wireguard"}));
        if (made.status != 0) return false;
        (void)support::run(in(near_, {"ip", "link", "del", "wgtry"}));
        return true;
    }
    // Returns the public key.
    std::string make(const std::string& space, const std::string& address) const {
        must(in(space, {"ip", "link", "add", "wg0", "type", "wireguard"}));
        const std::string secret = first_line_of(support::run({"wg", "genkey"}).out);
        const std::string file = folder_ / (space + ".key");
        std::ofstream(file) << secret << '\n';
        must(in(space, {"wg", "set", "wg0", "private-key", file, "listen-port", "51820"}));
        must(in(space, {"ip", "addr", "add", address, "dev", "wg0"}));
        must(in(space, {"ip", "link", "set", "wg0", "up"}));
        return first_line_of(support::run(in(space, {"wg", "show", "wg0", "public-key"})).out);
    }
    void add_peer(const std::string& space, const std::string& key,
                  const std::string& endpoint) const {
        must(in(space, {"wg", "set", "wg0", "peer", key, "endpoint", endpoint + ":51820",
                        "allowed-ips", "0.0.0.0/0"}));
    }
    // The counts of the only peer, as wg(8) shows them: key, received, sent.
    [[nodiscard]] Traffic shown() const {
        const Ended listed = support::run(in(near_, {"wg", "show", "wg0", "transfer"}));
        std::string key;
        Traffic traffic;
        std::istringstream(listed.out) >> key >> traffic.out >> traffic.in;
        return traffic;
    }
    void configure_peers() const {
        configure_daemon("[[meter]]\nname = \"vpn\"\nkind = \"wireguard\"\npoll = \"100ms\"\n");
    }
};

TEST_F(WireguardTest, PeersCountAsWgShowsThem) {
    if (!kernel_has_it())
        GTEST_SKIP() << "this kernel has no WireGuard (ip link add type wireguard fails)";
    const std::string near_key = make(near_, "10.79.0.1/24");
    const std::string far_key = make(far_, "10.79.0.2/24");
    add_peer(near_, far_key, "10.78.0.2");
    add_peer(far_, near_key, "10.78.0.1");
    configure_peers();
    const Traffic before = shown();
    start();
    must(in(near_, {"ping", "-q", "-c", "20", "-i", "0.02", "-s", "500", "10.79.0.2"}));
    kill();
    must(in(near_, {"ping", "-q", "-c", "20", "-i", "0.02", "-s", "500", "10.79.0.2"}));
    start();
    stop();
    const Traffic after = shown();
    const Traffic truth{after.in - before.in, after.out - before.out};
    EXPECT_GT(truth.in, 40U * 528);
    EXPECT_EQ(booked("peer " + far_key), truth);
}

TEST_F(WireguardTest, AKernelWithoutItIsSaidAndTheOtherMetersGoOn) {
    if (kernel_has_it()) GTEST_SKIP() << "this kernel has WireGuard";
    configure_daemon(
        "[[meter]]\nname = \"links\"\nkind = \"interfaces\"\npoll = \"100ms\"\n"
        "[[meter]]\nname = \"vpn\"\nkind = \"wireguard\"\nrole = \"witness\"\n");
    start();
    EXPECT_TRUE(daemon_->err_so_far().contains("modprobe wireguard")) << daemon_->err_so_far();
    const Ended doctor =
        support::run(in(near_, support::octroi(ledger_, {"--config", config_, "doctor"})));
    EXPECT_TRUE(doctor.out.contains("modprobe wireguard")) << doctor.out;
    must(in(near_, {"ping", "-q", "-c", "5", "-i", "0.01", "10.78.0.2"}));
    stop();
    EXPECT_GT(booked().out, 5U * 98);
}

}  // namespace
}  // namespace octroi
