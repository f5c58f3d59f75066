// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/live_meter.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <deque>
#include <map>

#include "host/file.hpp"
#include "wire/packet/testing/build.hpp"

namespace octroi::capture {
namespace {

using packet::build::Frame;

const Mac router_a{{2, 0, 0, 0, 0, 0xa}};
const Mac router_b{{2, 0, 0, 0, 0, 0xb}};
const Mac client{{2, 0, 0, 0, 0, 1}};
const Mac server{{2, 0, 0, 0, 0, 2}};
const Address lan = Address::v4(0x0a000002U);
const Address own = Address::v4(0x0a000001U);
const Address far = Address::v4(0xc0000201U);

class Readings final : public FlowSink {
public:
    void accept(std::span<const Reading> readings) override {
        all.insert(all.end(), readings.begin(), readings.end());
    }
    std::vector<Reading> all;
};

class FakeClock final : public Clock {
public:
    [[nodiscard]] UtcTime now() const override { return time; }
    [[nodiscard]] Duration uptime() const override { return {time.ns}; }
    UtcTime time = UtcTime::from_seconds(1'700'000'000);
};

// A machine for the meter: interfaces, their counters, and the frames in their rings.
class FakeHost final : public CaptureHost {
public:
    struct State {
        Interface interface;
        std::deque<std::pair<std::string, UtcTime>> frames;
        CaptureStatistics statistics;
        bool broken = false;
    };
    class Source final : public PacketSource {
    public:
        Source(FakeHost& host, std::string name) : host_(&host), name_(std::move(name)) {}
        [[nodiscard]] std::uint16_t link_type() const override { return 1; }
        Result<std::size_t> read(std::size_t limit, Handler handler, void* context) override {
            State& s = host_->states[name_];
            std::size_t count = 0;
            for (; count < limit && !s.frames.empty(); ++count) {
                const auto [frame, time] = s.frames.front();
                s.frames.pop_front();
                handler(context,
                        {as_octets(frame), static_cast<std::uint32_t>(frame.size()), time});
            }
            if (s.broken) return fail(ErrorCode::failed, "the interface went down");
            return count;
        }
        Result<CaptureStatistics> statistics() override { return host_->states[name_].statistics; }
        [[nodiscard]] int descriptor() const override { return -1; }

    private:
        FakeHost* host_;
        std::string name_;
    };

    FakeHost() {
        add("eth0", 1, router_a);
        add("eth1", 2, router_b);
        states["eth0"].interface.addresses.push_back({own, Prefix::of(own, 24)});
    }
    void add(const std::string& name, int index, const Mac& mac) {
        Interface& i = states[name].interface;
        i.name = name;
        i.index = index;
        i.mac = mac;
        i.up = true;
    }
    // A frame passes an interface. seen: it is captured too.
    void pass(const std::string& name, const std::string& frame, bool seen = true) {
        State& s = states[name];
        s.interface.counters.rx_bytes += frame.size();
        s.interface.counters.rx_packets += 1;
        if (seen) s.frames.emplace_back(frame, fake_clock.time);
    }
    // Moves the time of the last frame back, as if its ring was read late.
    void backdate(const std::string& name, Duration by) {
        states[name].frames.back().second = fake_clock.time - by;
    }

    Result<std::unique_ptr<PacketSource>> open(const CaptureOptions& options) override {
        if (states[options.interface].broken) return fail(ErrorCode::failed, "it is down");
        states[options.interface].statistics = {};
        return std::make_unique<Source>(*this, options.interface);
    }
    Result<std::vector<Interface>> interfaces() override {
        if (blind) return fail(ErrorCode::failed, "the kernel does not answer");
        std::vector<Interface> all;
        for (const auto& [name, state] : states) all.push_back(state.interface);
        return all;
    }
    Result<std::string> boot_id() override { return boot; }
    void wait(std::span<PacketSource* const> /*sources*/, Duration wait) override {
        fake_clock.time = fake_clock.time + wait;
    }
    [[nodiscard]] const Clock& clock() const override { return fake_clock; }

    std::map<std::string, State> states;
    std::string boot = "boot-1";
    bool blind = false;
    FakeClock fake_clock;
};

std::string udp(const Mac& to, const Mac& from, const Address& src, const Address& dst,
                std::uint16_t sport = 4000) {
    return Frame()
        .ethernet(to, from)
        .ipv4({.src = src, .dst = dst})
        .udp(sport, 53)
        .payload(100)
        .octets();
}

LiveMeterOptions on(std::vector<std::string> interfaces) {
    LiveMeterOptions options;
    options.interfaces = std::move(interfaces);
    return options;
}

std::unique_ptr<LiveMeter> must_open(const LiveMeterOptions& options, CaptureHost& host,
                                     std::span<const Cursor> known = {}) {
    auto meter = LiveMeter::open(options, host, known);
    EXPECT_TRUE(meter.has_value()) << (meter.has_value() ? "" : meter.error().text);
    return meter.has_value() ? *std::move(meter) : nullptr;
}

Checkpoint must_checkpoint(LiveMeter& meter, Readings& sink) {
    for (;;) {
        const auto pull = meter.pull(sink, Duration::milliseconds(1));
        EXPECT_TRUE(pull.has_value());
        if (!pull.has_value() || *pull != Pull::more) break;
    }
    auto checkpoint = meter.checkpoint(sink);
    EXPECT_TRUE(checkpoint.has_value());
    return checkpoint.has_value() ? *std::move(checkpoint) : Checkpoint{};
}

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
        // The namespace ends with the process; ctest runs each test in its own process.
        if (::unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "cannot make a network namespace here";
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
