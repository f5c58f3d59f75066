// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/live_meter.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <optional>

#include "host/file.hpp"
#include "host/testing/own_network.hpp"
#include "meter/capture/testing/fake_host.hpp"
#include "wire/packet/testing/build.hpp"

namespace octroi::capture {
namespace {

using packet::build::Frame;
using testing::client;
using testing::FakeHost;
using testing::far;
using testing::lan;
using testing::must_checkpoint;
using testing::must_open;
using testing::on;
using testing::own;
using testing::router_a;
using testing::router_b;
using testing::server;
using testing::udp;
using Readings = testing::CollectedReadings;

// A process that is killed before its first commit leaves a cursor: the next one reports the loss.
TEST(LiveMeter, AsksForItsFirstCursorAtOnce) {
    FakeHost host;
    Readings sink;
    std::vector<Cursor> known;
    {
        const auto meter = must_open(on({"eth0"}), host);
        EXPECT_EQ(*meter->pull(sink, Duration::milliseconds(1)), Pull::checkpoint);
        known = meter->checkpoint(sink)->cursors;
        ASSERT_EQ(known.size(), 1U);
        EXPECT_EQ(*meter->pull(sink, Duration::milliseconds(1)), Pull::idle);
    }
    host.pass("eth0", udp(router_a, client, lan, far));
    const auto next = must_open(on({"eth0"}), host, known);
    EXPECT_NE(*next->pull(sink, Duration::milliseconds(1)), Pull::checkpoint);
    const Checkpoint checkpoint = must_checkpoint(*next, sink);
    ASSERT_EQ(checkpoint.losses.size(), 1U);
    EXPECT_EQ(checkpoint.losses[0].reason, LossReason::not_running);
}

TEST(LiveMeter, AFrameFromBefore1970HasTheFirstTimeAfter) {
    FakeHost host;
    const auto meter = must_open(on({"eth0"}), host);
    host.pass("eth0", udp(client, router_a, own, lan));
    host.backdate("eth0", Duration::hours(24 * 365 * 100));
    Readings sink;
    EXPECT_EQ(must_checkpoint(*meter, sink).observed.packets.value(), 1U);
    ASSERT_EQ(sink.all.size(), 1U);
    EXPECT_EQ(sink.all[0].first, UtcTime{});
}

TEST(LiveMeter, CountsAForwardedPacketOnce) {
    FakeHost host;
    const auto meter = must_open(on({"eth0", "eth1"}), host);
    host.pass("eth0", udp(router_a, client, lan, far));
    host.pass("eth1", udp(server, router_b, lan, far));        // the same, going out
    host.pass("eth1", udp(server, router_b, lan, far, 4001));  // another flow: no duplicate
    host.pass("eth0", udp(client, router_a, own, lan));        // this host's own
    Readings sink;
    const Checkpoint checkpoint = must_checkpoint(*meter, sink);
    std::map<ReadingKind, std::uint64_t> packets;
    for (const Reading& r : sink.all) packets[r.kind] += r.packets;
    EXPECT_EQ(packets[ReadingKind::duplicate], 1U);
    EXPECT_EQ(packets[ReadingKind::ip], 3U);
    EXPECT_EQ(checkpoint.observed.packets.value(), 4U);
    EXPECT_EQ(checkpoint.cursors.size(), 2U);
}

// Rings are read one after the other, and each may be late by the delivery delay.
TEST(LiveMeter, CountsAForwardedPacketOnceWhicheverRingIsReadFirst) {
    FakeHost host;
    const auto meter = must_open(on({"eth0", "eth1"}), host);
    Readings sink;
    for (std::uint16_t flow = 1; flow <= 100; ++flow) {
        host.pass("eth1", udp(server, router_b, lan, far, flow));  // going out
        ASSERT_TRUE(meter->pull(sink, Duration::milliseconds(10)).has_value());
        host.pass("eth0", udp(router_a, client, lan, far, flow));  // coming in, seen later
        host.backdate("eth0", Duration::milliseconds(11));
        ASSERT_TRUE(meter->pull(sink, Duration::milliseconds(10)).has_value());
    }
    const Checkpoint checkpoint = must_checkpoint(*meter, sink);
    std::map<ReadingKind, std::uint64_t> packets;
    for (const Reading& r : sink.all) packets[r.kind] += r.packets;
    EXPECT_EQ(packets[ReadingKind::ip], 100U);
    EXPECT_EQ(packets[ReadingKind::duplicate], 100U);
    EXPECT_EQ(checkpoint.observed.packets.value(), 200U);
}

// A bridge does not change MACs, so neither port shows the direction.
TEST(LiveMeter, CountsABridgedPacketOnce) {
    FakeHost host;
    const auto meter = must_open(on({"eth0", "eth1"}), host);
    Readings sink;
    for (int i = 0; i < 10; ++i) {
        for (const char* const name : {i % 2 == 0 ? "eth0" : "eth1", i % 2 == 0 ? "eth1" : "eth0"})
            host.pass(name, udp(server, client, lan, far));
        ASSERT_TRUE(meter->pull(sink, Duration::milliseconds(100)).has_value());
    }
    must_checkpoint(*meter, sink);
    std::map<ReadingKind, std::uint64_t> packets;
    for (const Reading& r : sink.all) packets[r.kind] += r.packets;
    EXPECT_EQ(packets[ReadingKind::ip], 10U);
    EXPECT_EQ(packets[ReadingKind::duplicate], 10U);
}

// The counted reading of a flow, of those that are no duplicates.
const Reading* counted(const Readings& sink, const Address& src) {
    const Reading* found = nullptr;
    for (const Reading& r : sink.all) {
        if (r.src != src || r.kind != ReadingKind::ip) continue;
        EXPECT_EQ(found, nullptr) << "the flow counts in two parts";
        found = &r;
    }
    EXPECT_NE(found, nullptr);
    return found;
}

// Each account may be bound to what only one of the two interfaces shows.
TEST(LiveMeter, AForwardedPacketStatesWhatBothInterfacesShow) {
    for (const bool out_first : {false, true}) {
        FakeHost host;
        const auto meter = must_open(on({"eth0", "eth1"}), host);
        Readings sink;
        const auto forward = [&](const char* in, const std::string& before, const char* out,
                                 const std::string& after) {
            host.pass(out_first ? out : in, out_first ? after : before);
            if (out_first) host.pass(in, before);
            if (out_first) host.backdate(in, Duration::milliseconds(1));
            if (!out_first) host.pass(out, after);
        };
        forward("eth0", udp(router_a, client, lan, far), "eth1", udp(server, router_b, lan, far));
        forward("eth1", udp(router_b, server, far, lan), "eth0", udp(client, router_a, far, lan));
        must_checkpoint(*meter, sink);
        const Reading* const upload = counted(sink, lan);
        const Reading* const download = counted(sink, far);
        ASSERT_TRUE(upload != nullptr && download != nullptr);
        EXPECT_EQ(upload->src_mac, client);
        EXPECT_EQ(upload->dst_mac, server);
        EXPECT_EQ(upload->interface, 1U);
        EXPECT_EQ(upload->out_interface, 2U);
        EXPECT_EQ(download->src_mac, server);
        EXPECT_EQ(download->dst_mac, client);
        EXPECT_EQ(download->interface, 2U);
        EXPECT_EQ(download->out_interface, 1U);
        for (const Reading* r : {upload, download}) EXPECT_EQ(r->direction, Direction::in);
    }
}

std::string tagged(const Mac& to, const Mac& from, std::uint16_t vlan, const Address& src,
                   const Address& dst) {
    return Frame()
        .ethernet(to, from)
        .vlan(vlan)
        .ipv4({.src = src, .dst = dst})
        .udp(4000, 53)
        .payload(100)
        .octets();
}

TEST(LiveMeter, TheVlanInWhichAPacketLeavesIsALinkOfItsInterface) {
    FakeHost host;
    const auto meter = must_open(on({"eth0", "eth1"}), host);
    host.pass("eth1", udp(router_b, server, far, lan));
    host.pass("eth0", tagged(client, router_a, 10, far, lan));
    Readings sink;
    must_checkpoint(*meter, sink);
    const Reading* const download = counted(sink, far);
    ASSERT_NE(download, nullptr);
    const auto rows = meter->names().rows();
    ASSERT_LE(download->out_interface, rows.size());
    EXPECT_EQ(rows[download->out_interface - 1], (Name{NameKind::vlan, "10", 1}));
    EXPECT_EQ(download->vlan, 0);
}

// One interface, two VLANs: each packet passes it twice.
TEST(LiveMeter, CountsAPacketOnceOnARouterWithOneInterface) {
    FakeHost host;
    host.states["eth0"].interface.forwards_v4 = true;
    const auto meter = must_open(on({"eth0"}), host);
    host.pass("eth0", tagged(router_a, client, 10, lan, far));
    host.pass("eth0", tagged(server, router_a, 20, lan, far));
    Readings sink;
    const Checkpoint checkpoint = must_checkpoint(*meter, sink);
    EXPECT_EQ(checkpoint.observed.packets.value(), 2U);
    const Reading* const upload = counted(sink, lan);
    ASSERT_NE(upload, nullptr);
    EXPECT_EQ(upload->packets, 1U);
    EXPECT_EQ(upload->vlan, 10);
    EXPECT_EQ(upload->dst_mac, server);
}

TEST(LiveMeter, ABridgedPacketComesInWhereItIsSeenFirst) {
    FakeHost host;
    const auto meter = must_open(on({"eth0", "eth1"}), host);
    host.pass("eth1", udp(client, server, far, lan));
    host.fake_clock.time = host.fake_clock.time + Duration::milliseconds(1);
    host.pass("eth0", udp(client, server, far, lan));
    Readings sink;
    must_checkpoint(*meter, sink);
    const Reading* const download = counted(sink, far);
    ASSERT_NE(download, nullptr);
    EXPECT_EQ(download->interface, 2U);
    EXPECT_EQ(download->out_interface, 1U);
    EXPECT_EQ(download->direction, Direction::in);
}

// A packet that the firewall drops waits for a second sight that does not come, but not for ever.
TEST(LiveMeter, APacketThatIsNotForwardedCountsWithoutADeparture) {
    FakeHost host;
    const auto meter = must_open(on({"eth0", "eth1"}), host);
    Readings sink;
    host.pass("eth0", udp(router_a, client, lan, far));
    const auto pull = [&] {
        ASSERT_TRUE(meter->pull(sink, Duration::milliseconds(50)).has_value());
    };
    pull();
    EXPECT_EQ(meter->totals().frames, 0U);
    for (int i = 0; i < 4; ++i) pull();
    EXPECT_EQ(meter->totals().frames, 1U);
    must_checkpoint(*meter, sink);
    const Reading* const upload = counted(sink, lan);
    ASSERT_NE(upload, nullptr);
    EXPECT_EQ(upload->out_interface, no_name);
    EXPECT_EQ(upload->dst_mac, router_a);
}

// A packet stays in a queue of the interface for longer than the wait: those after it state where
// the flow leaves.
TEST(LiveMeter, AFlowIsSplitWhereItsDepartureIsKnownLate) {
    FakeHost host;
    const auto meter = must_open(on({"eth0", "eth1"}), host);
    Readings sink;
    host.pass("eth0", udp(router_a, client, lan, far));
    for (int i = 0; i < 6; ++i)
        ASSERT_TRUE(meter->pull(sink, Duration::milliseconds(50)).has_value());
    host.pass("eth1", udp(server, router_b, lan, far));
    host.pass("eth0", udp(router_a, client, lan, far));
    must_checkpoint(*meter, sink);
    std::map<std::pair<ReadingKind, NameRef>, std::uint64_t> packets;
    for (const Reading& r : sink.all) packets[{r.kind, r.out_interface}] += r.packets;
    EXPECT_EQ(packets, (std::map<std::pair<ReadingKind, NameRef>, std::uint64_t>{
                           {{ReadingKind::ip, no_name}, 1},
                           {{ReadingKind::ip, 2}, 1},
                           {{ReadingKind::duplicate, no_name}, 1}}));
}

TEST(LiveMeter, RefusesInterfacesThatShowTheSameFrames) {
    FakeHost host;
    host.add("eth0.10", 3, router_a);
    host.states["eth0.10"].interface.lower = 1;
    const auto meter = LiveMeter::open(on({"eth1", "eth0", "eth0.10"}), host, {});
    ASSERT_FALSE(meter.has_value());
    EXPECT_EQ(meter.error().code, ErrorCode::invalid);
    EXPECT_NE(meter.error().text.find("eth0.10 and eth0"), std::string::npos);
    EXPECT_TRUE(LiveMeter::open(on({"eth1", "eth0.10"}), host, {}).has_value());
}

TEST(LiveMeter, RefusesAnInterfaceThatIsNamedTwice) {
    FakeHost host;
    const auto meter = LiveMeter::open(on({"eth0", "eth1", "eth0"}), host, {});
    ASSERT_FALSE(meter.has_value());
    EXPECT_EQ(meter.error().code, ErrorCode::invalid);
}

TEST(LiveMeter, ContinuesWhereTheCountersCannotBeRead) {
    FakeHost host;
    Readings sink;
    const auto meter = must_open(on({"eth0"}), host);
    host.pass("eth0", udp(router_a, client, lan, far));
    host.blind = true;
    const Checkpoint blind = must_checkpoint(*meter, sink);
    EXPECT_EQ(blind.observed.packets.value(), 1U);
    EXPECT_TRUE(blind.cursors.empty());
    host.blind = false;
    EXPECT_EQ(must_checkpoint(*meter, sink).cursors.size(), 1U);
}

TEST(LiveMeter, DirectionIsSeenFromThisHost) {
    FakeHost host;
    const auto meter = must_open(on({"eth0"}), host);
    const Mac everybody{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    host.pass("eth0", udp(router_a, client, lan, own, 1));
    host.pass("eth0", udp(client, router_a, own, lan, 2));
    host.pass("eth0", udp(everybody, client, lan, far, 3));
    host.pass("eth0", udp(server, client, lan, far, 4));
    Readings sink;
    must_checkpoint(*meter, sink);
    std::map<std::uint16_t, Direction> seen;
    for (const Reading& r : sink.all) {
        seen[r.sport] = r.direction;
        EXPECT_EQ(r.interface, 1);
    }
    EXPECT_EQ(
        seen,
        (std::map<std::uint16_t, Direction>{
            {1, Direction::in}, {2, Direction::out}, {3, Direction::in}, {4, Direction::unknown}}));
}

TEST(LiveMeter, HandsOverDifferencesAndKeepsItsFlows) {
    FakeHost host;
    const auto meter = must_open(on({"eth0"}), host);
    std::uint64_t flows = 0;
    for (int i = 0; i < 3; ++i) {
        host.pass("eth0", udp(router_a, client, lan, far));
        Readings sink;
        const Checkpoint checkpoint = must_checkpoint(*meter, sink);
        ASSERT_EQ(sink.all.size(), 1U);
        EXPECT_EQ(sink.all[0].packets, 1U);
        EXPECT_EQ(sink.all[0].fresh, i == 0);
        EXPECT_EQ(checkpoint.cursors.at(0).version, static_cast<std::uint64_t>(i) + 1);
        flows += checkpoint.observed.flows.value();
    }
    EXPECT_EQ(flows, 1U);
}

TEST(LiveMeter, DropsAreLossesWithASufficientBound) {
    FakeHost host;
    const auto meter = must_open(on({"eth0"}), host);
    const std::string frame = udp(router_a, client, lan, far);
    std::uint64_t bounded = 0;
    for (int round = 1; round <= 3; ++round) {
        for (int i = 0; i < 10; ++i) host.pass("eth0", frame, i % 2 == 0);
        host.states["eth0"].statistics.kernel_drops += 5;
        Readings sink;
        const Checkpoint checkpoint = must_checkpoint(*meter, sink);
        ASSERT_EQ(checkpoint.losses.size(), 1U);
        const Loss& loss = checkpoint.losses[0];
        EXPECT_EQ(loss.reason, LossReason::kernel_drop);
        EXPECT_EQ(loss.packets, 5U);
        bounded += loss.bytes_bound.value_or(0);
        // The counters may contain less than the whole of each of the five frames seen.
        EXPECT_EQ(bounded, (frame.size() + 22) * 5 * static_cast<std::uint64_t>(round));
    }
    host.states["eth0"].statistics.interface_drops = 2;
    Readings sink;
    const Checkpoint last = must_checkpoint(*meter, sink);
    ASSERT_EQ(last.losses.size(), 1U);
    EXPECT_EQ(last.losses[0].reason, LossReason::interface_drop);
    EXPECT_EQ(last.losses[0].bytes_bound, 2U * 65'535);
    EXPECT_TRUE(must_checkpoint(*meter, sink).losses.empty());
}

TEST(LiveMeter, TrafficWhileItWasNotRunningIsALoss) {
    FakeHost host;
    Readings sink;
    const std::string frame = udp(router_a, client, lan, far);
    auto meter = must_open(on({"eth0"}), host);
    host.pass("eth0", frame);
    const Checkpoint before = must_checkpoint(*meter, sink);
    meter = must_open(on({"eth0"}), host, before.cursors);
    EXPECT_TRUE(must_checkpoint(*meter, sink).losses.empty());  // nothing passed
    for (int i = 0; i < 7; ++i) host.pass("eth0", frame, false);
    meter = must_open(on({"eth0"}), host, before.cursors);
    const Checkpoint after = must_checkpoint(*meter, sink);
    ASSERT_EQ(after.losses.size(), 1U);
    EXPECT_EQ(after.losses[0].reason, LossReason::not_running);
    EXPECT_EQ(after.losses[0].packets, 7U);
    EXPECT_EQ(after.losses[0].bytes_bound, 7 * frame.size());
    EXPECT_EQ(after.cursors[0].version, before.cursors[0].version + 1);
    host.boot = "boot-2";
    meter = must_open(on({"eth0"}), host, before.cursors);
    const Checkpoint rebooted = must_checkpoint(*meter, sink);
    ASSERT_EQ(rebooted.losses.size(), 1U);
    EXPECT_FALSE(rebooted.losses[0].bytes_bound.has_value());
}

TEST(LiveMeter, AnInterfaceThatGoesAwayDoesNotEndTheOthers) {
    FakeHost host;
    Readings sink;
    const std::string frame = udp(router_a, client, lan, far);
    const auto meter = must_open(on({"eth0", "eth1"}), host);
    must_checkpoint(*meter, sink);
    host.states["eth0"].broken = true;
    host.pass("eth1", udp(router_b, server, far, lan));
    const Checkpoint down = must_checkpoint(*meter, sink);
    EXPECT_EQ(down.observed.packets.value(), 1U);
    ASSERT_EQ(down.cursors.size(), 1U);
    EXPECT_EQ(down.cursors[0].source, "interface:eth1");
    host.states["eth0"].broken = false;
    for (int i = 0; i < 3; ++i) host.pass("eth0", frame, false);
    host.fake_clock.time = host.fake_clock.time + Duration::seconds(5);
    const Checkpoint up = must_checkpoint(*meter, sink);
    EXPECT_EQ(up.cursors.size(), 2U);
    ASSERT_EQ(up.losses.size(), 1U);
    EXPECT_EQ(up.losses[0].reason, LossReason::not_running);
    EXPECT_EQ(up.losses[0].bytes_bound, 3 * frame.size());
    host.pass("eth0", frame);
    EXPECT_EQ(must_checkpoint(*meter, sink).observed.packets.value(), 1U);
}

// A veth pair in a network namespace of this thread.
class LiveMeterVeth : public ::testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "needs root: makes a network namespace";
        if (!network_.emplace().made()) GTEST_SKIP() << "cannot make a network namespace here";
        run("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1");
        if (!run("ip link add va type veth peer name vb") || !run("ip link set va up") ||
            !run("ip link set vb up"))
            GTEST_SKIP() << "cannot make a veth pair here";
    }
    static bool run(const std::string& command) {
        return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
    }

    // Sends frames on `va`, so that they arrive on `vb`.
    static void send(const std::string& frame, int count) {
        const Fd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)));
        sockaddr_ll to{};
        to.sll_family = AF_PACKET;
        to.sll_ifindex = static_cast<int>(::if_nametoindex("va"));
        const void* const address = &to;
        for (int i = 0; i < count; ++i) {
            ASSERT_EQ(::sendto(fd.get(), frame.data(), frame.size(), 0,
                               static_cast<const sockaddr*>(address), sizeof to),
                      static_cast<ssize_t>(frame.size()));
        }
    }

    std::optional<octroi::testing::OwnNetwork> network_;
    SystemCaptureHost host_;
};

TEST_F(LiveMeterVeth, CountsEveryPacketOnce) {
    const auto meter = must_open(on({"vb"}), host_);
    ASSERT_NE(meter, nullptr);
    const std::string frame = udp(router_a, client, lan, far);
    send(frame, 5000);
    Readings sink;
    const Checkpoint checkpoint = must_checkpoint(*meter, sink);
    EXPECT_EQ(checkpoint.observed.packets.value(), 5000U);
    EXPECT_EQ(checkpoint.observed.bytes.value(), 5000 * (frame.size() - 14));
    EXPECT_TRUE(checkpoint.losses.empty());
    ASSERT_FALSE(sink.all.empty());
    EXPECT_EQ(sink.all[0].src, lan);
    EXPECT_EQ(sink.all[0].dport, 53);
}

TEST_F(LiveMeterVeth, ATinyRingLosesAndTheLossCoversIt) {
    LiveMeterOptions options = on({"vb"});
    options.ring_octets = 256 * 1024;
    const auto meter = must_open(options, host_);
    ASSERT_NE(meter, nullptr);
    const std::string frame = udp(router_a, client, lan, far);
    constexpr std::uint64_t sent = 50'000;
    Volume seen;
    std::uint64_t lost = 0;
    std::uint64_t bound = 0;
    for (int round = 0; round < 2; ++round) {
        send(frame, sent / 2);
        Readings sink;
        const Checkpoint checkpoint = must_checkpoint(*meter, sink);
        seen += checkpoint.observed;
        for (const Loss& loss : checkpoint.losses) {
            EXPECT_EQ(loss.reason, LossReason::kernel_drop);
            lost += loss.packets.value_or(0);
            bound += loss.bytes_bound.value_or(0);
        }
    }
    EXPECT_GT(lost, 0U);
    EXPECT_EQ(seen.packets.value() + lost, sent);
    EXPECT_GE(seen.bytes.value() + bound, sent * (frame.size() - 14));
    EXPECT_LE(bound, lost * frame.size() + seen.packets.value() * 22 + 1000 * frame.size());
}

TEST_F(LiveMeterVeth, TheFilterAppliesAndABadOneIsExplained) {
    LiveMeterOptions options = on({"vb"});
    options.filter = "udp src port 4001";
    const auto meter = must_open(options, host_);
    ASSERT_NE(meter, nullptr);
    send(udp(router_a, client, lan, far, 4000), 10);
    send(udp(router_a, client, lan, far, 4001), 3);
    Readings sink;
    EXPECT_EQ(must_checkpoint(*meter, sink).observed.packets.value(), 3U);
    options.filter = "prt 80";
    const auto bad = LiveMeter::open(options, host_, {});
    ASSERT_FALSE(bad.has_value());
    EXPECT_EQ(bad.error().code, ErrorCode::invalid);
    EXPECT_NE(bad.error().text.find("prt 80"), std::string::npos);
    const auto absent = LiveMeter::open(on({"absent0"}), host_, {});
    ASSERT_FALSE(absent.has_value());
    EXPECT_EQ(absent.error().code, ErrorCode::not_found);
}

TEST_F(LiveMeterVeth, WithoutPrivilegeTheErrorNamesItAndHowToGrantIt) {
    const pid_t child = ::fork();
    if (child == 0) {
        constexpr uid_t nobody = 65'534;
        if (::setresuid(nobody, nobody, nobody) != 0) ::_exit(1);
        const auto meter = LiveMeter::open(on({"vb"}), host_, {});
        const bool right = !meter.has_value() && meter.error().code == ErrorCode::permission &&
                           meter.error().text.find("CAP_NET_RAW") != std::string::npos &&
                           meter.error().text.find("CAP_NET_ADMIN") == std::string::npos &&
                           meter.error().text.find("sudo setcap") != std::string::npos;
        ::_exit(right ? 0 : 2);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(LiveMeterVeth, SurvivesItsInterfaceGoingDownAndBeingCreatedAgain) {
    const auto meter = must_open(on({"vb"}), host_);
    ASSERT_NE(meter, nullptr);
    const std::string frame = udp(router_a, client, lan, far);
    Readings sink;
    const auto pull_on = [&](int times) {
        for (int i = 0; i < times; ++i)
            ASSERT_TRUE(meter->pull(sink, Duration::milliseconds(50)).has_value());
    };
    send(frame, 10);
    EXPECT_EQ(must_checkpoint(*meter, sink).observed.packets.value(), 10U);
    // Down and up: libpcap continues by itself.
    ASSERT_TRUE(run("ip link set vb down"));
    pull_on(3);
    ASSERT_TRUE(run("ip link set vb up"));
    pull_on(3);
    send(frame, 10);
    EXPECT_EQ(must_checkpoint(*meter, sink).observed.packets.value(), 10U);
    // Deleted, and another one created with the same name.
    ASSERT_TRUE(run("ip link del va"));
    pull_on(3);
    EXPECT_TRUE(must_checkpoint(*meter, sink).cursors.empty());
    EXPECT_EQ(meter->counters().back().value, 1U);
    ASSERT_TRUE(run("ip link add va type veth peer name vb"));
    ASSERT_TRUE(run("ip link set va up") && run("ip link set vb up"));
    pull_on(40);
    send(frame, 10);
    const Checkpoint back = must_checkpoint(*meter, sink);
    EXPECT_EQ(back.observed.packets.value(), 10U);
    ASSERT_EQ(back.losses.size(), 1U);
    EXPECT_EQ(back.losses[0].reason, LossReason::not_running);
    EXPECT_FALSE(back.losses[0].bytes_bound.has_value());
}

}  // namespace
}  // namespace octroi::capture
