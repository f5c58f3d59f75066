// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A machine with interfaces, and the ledger's part of a meter, for tests of this folder.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "host/clock.hpp"
#include "host/counter_host.hpp"
#include "meter/meter.hpp"

namespace octroi::counters::testing {

class TestClock final : public Clock {
public:
    [[nodiscard]] UtcTime now() const override { return time; }
    [[nodiscard]] Duration uptime() const override { return up; }
    void pass(Duration wait) {
        time = time + wait;
        up = up + wait;
    }
    UtcTime time = UtcTime::from_seconds(1'700'000'000);
    Duration up = Duration::seconds(1000);
};

// The machine outlives its meters: they get a host that refers to it.
struct TestMachine {
    TestClock clock;
    std::string boot = "boot 1";
    std::string space = "netns 1";
    std::vector<Interface> present;
    bool has_netlink = true;
    std::string net_dev;

    Interface& add(const std::string& name, int index) {
        Interface& interface = present.emplace_back();
        interface.name = name;
        interface.index = index;
        interface.up = interface.meterable = true;
        return interface;
    }
    void count(std::size_t interface, std::uint64_t in, std::uint64_t out) {
        InterfaceCounters& c = present[interface].counters;
        c.rx_bytes += in;
        c.rx_packets += in / 100;
        c.tx_bytes += out;
        c.tx_packets += out / 100;
    }
};

class TestCounterHost final : public CounterHost {
public:
    explicit TestCounterHost(TestMachine& machine) : machine_(machine) {}
    Result<std::string> boot() override { return machine_.boot; }
    Result<std::string> space() override { return machine_.space; }
    Result<std::vector<Interface>> interfaces() override {
        if (!machine_.has_netlink) return fail(ErrorCode::permission, "no netlink");
        return machine_.present;
    }
    Result<std::string> net_dev() override {
        if (machine_.net_dev.empty()) return fail(ErrorCode::not_found, "no /proc");
        return machine_.net_dev;
    }
    void wait(Duration time) override { machine_.clock.pass(time); }

private:
    TestMachine& machine_;
};

// The ledger's part: takes volumes and checkpoints, and commits or loses them.
struct TestLedger final : ReadingSink {
    void accept(std::span<const Reading> /*readings*/) override { ADD_FAILURE(); }
    void accept_counted(std::span<const CountedVolume> volumes) override {
        EXPECT_LE(volumes.size(), counted_volumes_of_a_pull_max);
        for (const CountedVolume& volume : volumes) {
            open.bytes += Bytes(volume.bytes);
            open.packets += Packets(volume.packets);
            const std::string way = volume.direction == CountedDirection::in ? " in" : " out";
            const std::string excluded = volume.kind == ReadingKind::ip ? "" : " excluded";
            uncommitted[names->rows()[volume.local - 1].text + way + excluded] += volume.bytes;
            EXPECT_LE(volume.first, volume.last);
            longest = std::max(longest, volume.last - volume.first);
        }
    }
    void accept_identities(std::span<const IdentityEvent> events) override {
        identities.insert(identities.end(), events.begin(), events.end());
    }
    std::vector<IdentityEvent> identities;
    const NameTable* names = nullptr;
    Volume open;
    std::map<std::string, std::uint64_t> uncommitted;
    std::map<std::string, std::uint64_t> bytes;
    std::vector<Cursor> cursors;
    std::vector<Loss> losses;
    Duration longest{0};  // interval of a volume
};

}  // namespace octroi::counters::testing
