// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A machine for tests of LiveMeter: interfaces, frames in their rings, connection tracking.

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "meter/capture/live_meter.hpp"
#include "wire/packet/testing/build.hpp"

namespace octroi::capture::testing {

inline const Mac router_a{{2, 0, 0, 0, 0, 0xa}};
inline const Mac router_b{{2, 0, 0, 0, 0, 0xb}};
inline const Mac client{{2, 0, 0, 0, 0, 1}};
inline const Mac server{{2, 0, 0, 0, 0, 2}};
inline const Address lan = Address::v4(0x0a000002U);
inline const Address own = Address::v4(0x0a000001U);
inline const Address far = Address::v4(0xc0000201U);

class CollectedReadings final : public FlowSink {
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
        FrameWay way = FrameWay::unknown;  // of the frames that are read next
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
                handler(context, {.octets = as_octets(frame),
                                  .wire_length = static_cast<std::uint32_t>(frame.size()),
                                  .time = time,
                                  .way = s.way});
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
    Result<std::unique_ptr<ConnectionSource>> connections() override {
        if (!tracks_connections) return nullptr;
        return std::make_unique<Connections>(*this);
    }

    using Kind = ConnectionSource::Kind;
    // Events and the entries of a listing, in the order in which they are read.
    class Connections final : public ConnectionSource {
    public:
        explicit Connections(FakeHost& host) : host_(&host) {}
        Status list() override {
            host_->listing = true;
            return {};
        }
        [[nodiscard]] bool is_listing() const override { return host_->listing; }
        Result<bool> read(Handler handler, void* context) override {
            for (const auto& [kind, message] : std::exchange(host_->events, {}))
                handler(context, kind, as_octets(message));
            if (std::exchange(host_->listing, false))
                for (const std::string& message : host_->table)
                    handler(context, Kind::listed, as_octets(message));
            return !std::exchange(host_->overrun, false);
        }
        void wait(Duration /*wait*/) override {}

    private:
        FakeHost* host_;
    };

    std::map<std::string, State> states;
    bool tracks_connections = false;
    bool listing = true;
    bool overrun = false;
    std::vector<std::pair<Kind, std::string>> events;
    std::vector<std::string> table;
    std::string boot = "boot-1";
    bool blind = false;
    FakeClock fake_clock;
};

inline std::string udp(const Mac& to, const Mac& from, const Address& src, const Address& dst,
                       std::uint16_t sport = 4000) {
    return packet::build::Frame()
        .ethernet(to, from)
        .ipv4({.src = src, .dst = dst})
        .udp(sport, 53)
        .payload(100)
        .octets();
}

inline LiveMeterOptions on(std::vector<std::string> interfaces) {
    LiveMeterOptions options;
    options.interfaces = std::move(interfaces);
    return options;
}

inline std::unique_ptr<LiveMeter> must_open(const LiveMeterOptions& options, CaptureHost& host,
                                            std::span<const Cursor> known = {}) {
    auto meter = LiveMeter::open(options, host, known);
    EXPECT_TRUE(meter.has_value()) << (meter.has_value() ? "" : meter.error().text);
    return meter.has_value() ? *std::move(meter) : nullptr;
}

inline Checkpoint must_checkpoint(LiveMeter& meter, CollectedReadings& sink) {
    for (;;) {
        const auto pull = meter.pull(sink, Duration::milliseconds(1));
        EXPECT_TRUE(pull.has_value());
        if (!pull.has_value() || *pull != Pull::more) break;
    }
    auto checkpoint = meter.checkpoint(sink);
    EXPECT_TRUE(checkpoint.has_value());
    return checkpoint.has_value() ? *std::move(checkpoint) : Checkpoint{};
}

}  // namespace octroi::capture::testing
