// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A meter of connections on a simulated kernel, and a ledger that keeps what it commits.

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "host/testing/folder.hpp"
#include "meter/conntrack/connection_meter.hpp"
#include "meter/conntrack/testing/fake_kernel.hpp"

namespace octroi::conntrack::testing {

inline constexpr Duration poll = Duration::seconds(10);

class Ledger final : public FlowSink {
public:
    void accept(std::span<const Reading> readings) override {
        waiting.insert(waiting.end(), readings.begin(), readings.end());
    }
    std::vector<Reading> waiting;  // of the next batch
    std::vector<Reading> committed;
    std::vector<Loss> losses;     // committed
    std::vector<Cursor> cursors;  // committed
};

class TrackingTest : public ::testing::Test {
protected:
    TrackingTest() {
        options_.state_folder = folder_.file("state");
        options_.poll = poll;
    }
    void start() {
        auto opened = ConnectionMeter::open(options_, std::make_unique<FakeConnectionHost>(kernel_),
                                            ledger_.cursors);
        ASSERT_TRUE(opened.has_value()) << opened.error().text;
        meter_ = std::move(*opened);
        poll_table();
    }
    // Like a kill: readings that were not committed are gone.
    void kill() {
        meter_.reset();
        ledger_.waiting.clear();
    }
    // Reads events, and the table as soon as that is due.
    void read() {
        for (int i = 0; i < 50; ++i) {
            const auto pulled = meter_->pull(ledger_, Duration{});
            ASSERT_TRUE(pulled.has_value()) << pulled.error().text;
            if (*pulled == Pull::idle) return;
            if (*pulled == Pull::checkpoint) commit();
        }
    }
    void poll_table() {
        kernel_.pass(poll);
        read();
    }
    void commit() {
        auto checkpoint = meter_->checkpoint(ledger_);
        ASSERT_TRUE(checkpoint.has_value()) << checkpoint.error().text;
        Volume sum;
        for (const Reading& r : ledger_.waiting) {
            sum.bytes = Bytes(sum.bytes.value() + r.bytes);
            sum.packets = Packets(sum.packets.value() + r.packets);
            ledger_.committed.push_back(r);
        }
        EXPECT_EQ(checkpoint->observed.bytes, sum.bytes);
        EXPECT_EQ(checkpoint->observed.packets, sum.packets);
        ledger_.waiting.clear();
        ledger_.cursors = checkpoint->cursors;
        ledger_.losses.insert(ledger_.losses.end(), checkpoint->losses.begin(),
                              checkpoint->losses.end());
        meter_->committed();
    }
    // Sent, and received, by the host.
    [[nodiscard]] Count of(std::uint8_t host) const {
        const Address address = Address::v4(0x0a000000U + host);
        Count both;
        for (const auto* readings : {&ledger_.committed, &ledger_.waiting})
            for (const Reading& r : *readings) {
                if (r.src == address) both.bytes += r.bytes;
                if (r.dst == address) both.packets += r.bytes;
            }
        return both;
    }
    [[nodiscard]] std::uint64_t counter(std::string_view name) const {
        for (const CounterValue& value : meter_->counters())
            if (value.name == name) return value.value;
        ADD_FAILURE() << name;
        return 0;
    }
    [[nodiscard]] std::vector<Loss> losses_of(LossReason reason) const {
        std::vector<Loss> found;
        for (const Loss& loss : ledger_.losses)
            if (loss.reason == reason) found.push_back(loss);
        return found;
    }

    const octroi::testing::Folder folder_;
    FakeKernel kernel_;
    ConnectionMeterOptions options_;
    Ledger ledger_;
    std::unique_ptr<ConnectionMeter> meter_;
};

}  // namespace octroi::conntrack::testing
