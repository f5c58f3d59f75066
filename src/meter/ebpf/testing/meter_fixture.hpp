// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// An eBPF meter with counts that the test sets, on a machine with the interfaces lan (1) and wan
// (2), and a clock that goes on while the meter waits.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/testing/folder.hpp"
#include "meter/ebpf/ebpf_meter.hpp"
#include "meter/ebpf/testing/fake_maps.hpp"

namespace octroi::ebpf::testing {

class StillClock final : public Clock {
public:
    [[nodiscard]] UtcTime now() const override { return time; }
    [[nodiscard]] Duration uptime() const override { return {time.ns}; }
    UtcTime time = UtcTime::from_seconds(1'700'000'000);
};

class Machine final : public CaptureHost {
public:
    Machine() {
        for (const char* name : {"lan", "wan"}) {
            Interface i;
            i.name = name;
            i.index = static_cast<int>(present.size()) + 1;
            i.mac = Mac{{2, 0, 0, 0, 0, 1}};
            i.up = i.meterable = true;
            present.push_back(i);
        }
    }
    Result<std::unique_ptr<PacketSource>> open(const CaptureOptions& /*options*/) override {
        return fail(ErrorCode::unsupported, "no packets");
    }
    Result<std::vector<Interface>> interfaces() override { return present; }
    Result<std::string> boot_id() override { return boot; }
    void wait(std::span<PacketSource* const> /*sources*/, Duration wait) override {
        clock_.time = clock_.time + wait;
    }
    [[nodiscard]] const Clock& clock() const override { return clock_; }

    std::vector<Interface> present;
    std::string boot = "boot-1";

private:
    StillClock clock_;
};

class CollectedVolumes final : public ReadingSink {
public:
    void accept(std::span<const Reading> /*readings*/) override { ADD_FAILURE(); }
    void accept_counted(std::span<const CountedVolume> volumes) override {
        EXPECT_LE(volumes.size(), counted_volumes_of_a_pull_max);
        all.insert(all.end(), volumes.begin(), volumes.end());
    }
    void accept_identities(std::span<const IdentityEvent> /*events*/) override { ADD_FAILURE(); }
    [[nodiscard]] std::uint64_t bytes(ReadingKind kind = ReadingKind::ip) const {
        std::uint64_t sum = 0;
        for (const CountedVolume& volume : all)
            if (volume.kind == kind) sum += volume.bytes;
        return sum;
    }
    std::vector<CountedVolume> all;
};

inline octroi_key key_of_host(std::uint32_t host) {
    octroi_key key{};
    key.family = 4;
    key.local_length = 33;
    const Address address = Address::v4(0x0A000000U + host);
    std::copy_n(address.octets.begin(), 4, std::begin(key.local));
    key.interface = 1;
    key.way = 1;
    return key;
}

inline SourceTablesPtr some_tables() {
    SourceTables tables;
    tables.local = {{*parse_prefix("10.0.0.0/8"), true}};
    SourceServices services;
    services.names = {"all"};
    for (auto& ports : services.ports) ports.assign(65536, SourceServices::no_rank);
    tables.services = std::make_shared<const SourceServices>(services);
    return std::make_shared<const SourceTables>(tables);
}

class EbpfMeterTest : public ::testing::Test {
protected:
    std::unique_ptr<EbpfMeter> open() {
        auto folder = OwnFolder::open(folder_.file("state"));
        EXPECT_TRUE(folder.has_value()) << folder.error().text;
        auto meter = EbpfMeter::open(options, std::make_unique<FakeMaps>(kernel),
                                     *std::move(folder), machine, cursors_);
        EXPECT_TRUE(meter.has_value()) << meter.error().text;
        (*meter)->use_tables(some_tables());
        return *std::move(meter);
    }
    // Pulls for that many polls.
    void pull(EbpfMeter& meter, int polls = 1) {
        const Duration end = machine.clock().uptime() + Duration{options.poll.ns * polls};
        while (machine.clock().uptime() <= end) {
            const auto pulled = meter.pull(volumes, Duration::milliseconds(100));
            ASSERT_TRUE(pulled.has_value()) << pulled.error().text;
        }
    }
    // A checkpoint; its batch is in the ledger.
    void commit(EbpfMeter& meter) {
        auto checkpoint = meter.checkpoint(volumes);
        ASSERT_TRUE(checkpoint.has_value()) << checkpoint.error().text;
        cursors_ = checkpoint->cursors;
        observed += checkpoint->observed.bytes.value();
        losses.insert(losses.end(), checkpoint->losses.begin(), checkpoint->losses.end());
        meter.committed();
    }

    FakeKernel kernel;
    Machine machine;
    CollectedVolumes volumes;
    EbpfMeterOptions options{.name = "edge", .source = "ebpf:edge", .interfaces = {"lan", "wan"}};
    std::vector<Loss> losses;
    std::uint64_t observed = 0;
    octroi::testing::Folder folder_;
    std::vector<Cursor> cursors_;
};

}  // namespace octroi::ebpf::testing
