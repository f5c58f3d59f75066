// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nflog/nflog_meter.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "wire/nflog/testing/messages.hpp"
#include "wire/packet/testing/build.hpp"

namespace octroi::nflog {
namespace {

constexpr UtcTime start = UtcTime::from_seconds(1'800'000'000);
const Address lan = Address::v4(0x0a000002U);
const Address far = Address::v4(0xc0000201U);

class Sink final : public FlowSink {
public:
    void accept(std::span<const Reading> readings) override {
        all.insert(all.end(), readings.begin(), readings.end());
    }
    std::vector<Reading> all;
};

// A machine with two interfaces and a packet log.
class LoggingHost final : public CaptureHost {
public:
    class Log final : public PacketLog {
    public:
        explicit Log(LoggingHost& host) : host_(&host) {}
        Result<std::size_t> read(std::size_t limit, Handler handler, void* context) override {
            std::size_t count = 0;
            for (; count < limit && !host_->messages.empty(); ++count) {
                const std::string message = host_->messages.front();
                host_->messages.pop_front();
                handler(context, as_octets(message));
            }
            return count;
        }
        void wait(Duration wait) override { host_->time.time = host_->time.time + wait; }
        [[nodiscard]] std::uint64_t overruns() const override { return 3; }

    private:
        LoggingHost* host_;
    };
    class Now final : public Clock {
    public:
        [[nodiscard]] UtcTime now() const override { return time; }
        [[nodiscard]] Duration uptime() const override { return {time.ns}; }
        UtcTime time = start;
    };

    Result<std::unique_ptr<PacketSource>> open(const CaptureOptions&) override {
        return fail(ErrorCode::unsupported, "no capture");
    }
    Result<std::vector<Interface>> interfaces() override { return present; }
    Result<std::string> boot_id() override { return "boot"; }
    void wait(std::span<PacketSource* const>, Duration) override {}
    [[nodiscard]] const Clock& clock() const override { return time; }
    Result<std::unique_ptr<PacketLog>> packet_log(const PacketLogOptions&) override {
        return std::make_unique<Log>(*this);
    }
    void add_interface(const std::string& name, int index) {
        Interface& added = present.emplace_back();
        added.name = name;
        added.index = index;
    }

    Now time;
    std::vector<Interface> present;
    std::deque<std::string> messages;
};

// The packet without its Ethernet header, of 20 + 8 + payload octets.
std::string udp_packet(const Address& src, const Address& dst, std::size_t payload) {
    return packet::build::Frame()
        .ethernet({}, {})
        .ipv4({.src = src, .dst = dst})
        .udp(4000, 53)
        .payload(payload)
        .octets()
        .substr(14);
}

class NflogMeterTest : public ::testing::Test {
protected:
    NflogMeterTest() {
        host.add_interface("lan0", 3);
        host.add_interface("wan0", 4);
        options.log.group = 5;
    }
    void open(std::span<const Cursor> known = {}) {
        auto opened = NflogMeter::open(options, host, known);
        ASSERT_TRUE(opened.has_value()) << opened.error().text;
        meter = std::move(*opened);
    }
    void log(LogMessage stated, std::size_t payload, std::size_t copied = SIZE_MAX) {
        stated.sequence = sequence++;
        host.messages.push_back(
            testing::message_of(stated, udp_packet(lan, far, payload).substr(0, copied)));
    }
    Checkpoint checkpoint() {
        EXPECT_TRUE(meter->pull(sink, Duration::milliseconds(1)).has_value());
        auto made = meter->checkpoint(sink);
        EXPECT_TRUE(made.has_value());
        return *made;
    }

    LoggingHost host;
    NflogMeterOptions options;
    std::unique_ptr<NflogMeter> meter;
    Sink sink;
    std::uint32_t sequence = 0;
};

TEST_F(NflogMeterTest, CountsTheIpLengthOfWhatIsOnlyCopiedInPart) {
    open();
    for (int i = 0; i < 3; ++i)
        log({.time = start, .in_interface = 3, .out_interface = 4, .hook = Hook::forward}, 1000,
            60);
    const Checkpoint made = checkpoint();
    EXPECT_EQ(made.observed.bytes.value(), 3U * 1028);
    EXPECT_EQ(made.observed.packets.value(), 3U);
    EXPECT_TRUE(made.losses.empty());
    ASSERT_EQ(sink.all.size(), 1U);
    const Reading& r = sink.all.front();
    EXPECT_EQ(r.bytes, 3U * 1028);
    EXPECT_EQ(r.src, lan);
    EXPECT_EQ(r.dport, 53);
    EXPECT_EQ(r.direction, Direction::in);
    EXPECT_EQ(meter->names().rows()[r.interface - 1].text, "lan0");
    EXPECT_EQ(meter->names().rows()[r.out_interface - 1].text, "wan0");
}

TEST_F(NflogMeterTest, TheHookDecidesTheDirection) {
    open();
    log({.time = start, .out_interface = 4, .hook = Hook::output}, 10);
    (void)checkpoint();
    ASSERT_EQ(sink.all.size(), 1U);
    EXPECT_EQ(sink.all[0].direction, Direction::out);
    EXPECT_EQ(meter->names().rows()[sink.all[0].interface - 1].text, "wan0");
    EXPECT_EQ(sink.all[0].out_interface, no_name);
}

TEST_F(NflogMeterTest, NumbersThatAreMissingAreALossOnce) {
    open();
    EXPECT_EQ(*meter->pull(sink, Duration{}), Pull::checkpoint) << "the first cursor at once";
    log({.time = start}, 10);
    sequence += 4;
    log({.time = start}, 10);
    const Checkpoint made = checkpoint();
    ASSERT_EQ(made.losses.size(), 1U);
    EXPECT_EQ(made.losses[0].reason, LossReason::event_drop);
    EXPECT_EQ(made.losses[0].packets, 4U);
    EXPECT_EQ(made.losses[0].bytes_bound, 4U * 65'535);
    EXPECT_EQ(made.losses[0].source, "nflog:5");
    log({.time = start}, 10);
    EXPECT_TRUE(checkpoint().losses.empty());
    EXPECT_EQ(meter->counters()[6].value, 4U);
}

TEST_F(NflogMeterTest, TheTimeWithoutAMeterIsALoss) {
    open();
    log({.time = start}, 10);
    const Checkpoint before = checkpoint();
    ASSERT_EQ(before.cursors.size(), 1U);
    host.time.time = start + Duration::minutes(10);
    sequence = 0;
    open(before.cursors);
    const Checkpoint after = checkpoint();
    ASSERT_EQ(after.losses.size(), 1U);
    EXPECT_EQ(after.losses[0].reason, LossReason::not_running);
    EXPECT_LE(after.losses[0].interval.begin, start + Duration::seconds(1));
    EXPECT_GE(after.losses[0].interval.end, start + Duration::minutes(10));
    EXPECT_FALSE(after.losses[0].bytes_bound);
    EXPECT_EQ(after.cursors[0].version, before.cursors[0].version + 1);
}

TEST_F(NflogMeterTest, OtherFamiliesAreExcluded) {
    open();
    constexpr std::uint8_t bridge = 7;
    host.messages.push_back(
        testing::message_of({.sequence = 0, .time = start}, udp_packet(lan, far, 100), bridge));
    (void)checkpoint();
    ASSERT_EQ(sink.all.size(), 1U);
    EXPECT_EQ(sink.all[0].kind, ReadingKind::non_ip) << "nobody has checked its length";
}

TEST_F(NflogMeterTest, AnInterfaceThatIsNewGetsItsName) {
    open();
    log({.time = start, .in_interface = 9}, 10);
    (void)checkpoint();
    EXPECT_EQ(sink.all.at(0).interface, no_name);
    host.add_interface("late0", 10);
    log({.time = start, .in_interface = 10}, 10);
    (void)checkpoint();
    EXPECT_EQ(meter->names().rows()[sink.all.at(1).interface - 1].text, "late0");
}

}  // namespace
}  // namespace octroi::nflog
