// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A meter of interfaces on a TestMachine.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "host/testing/folder.hpp"
#include "meter/counters/counter_meter.hpp"
#include "meter/counters/interface_source.hpp"
#include "meter/counters/testing/machine.hpp"

namespace octroi::counters::testing {

class InterfaceMeterTest : public ::testing::Test {
protected:
    void start(std::vector<std::string> names = {}) {
        auto source =
            InterfaceSource::open(std::move(names), std::make_unique<TestCounterHost>(machine_));
        ASSERT_TRUE(source.has_value()) << source.error().text;
        CounterMeterOptions options;
        options.cursor_source = "interfaces:counters";
        options.folder = folder_.file("state");
        options.link_bits_per_second = link_;
        options.link_speed_is_known = link_ != unbounded;
        meter_.reset();  // it has a lock on the folder
        auto opened =
            CounterMeter::open(options, *std::move(source), machine_.clock, ledger_.cursors);
        ASSERT_TRUE(opened.has_value()) << opened.error().text;
        meter_ = *std::move(opened);
        ledger_.names = &meter_->names();
        ledger_.uncommitted.clear();
        ledger_.open = {};
    }
    Pull pull() {
        const auto pulled = meter_->pull(ledger_, Duration::seconds(10));
        EXPECT_TRUE(pulled.has_value());
        return pulled.value_or(Pull::end);
    }
    // The batch is in the ledger only with `commit`: else the process was killed before that.
    void checkpoint(bool commit = true) {
        const auto made = meter_->checkpoint(ledger_);
        ASSERT_TRUE(made.has_value()) << made.error().text;
        EXPECT_EQ(made->observed, ledger_.open) << "all that was handed over";
        ledger_.open = {};
        if (!commit) return;
        for (const auto& [name, bytes] : ledger_.uncommitted) ledger_.bytes[name] += bytes;
        ledger_.uncommitted.clear();
        ledger_.cursors = made->cursors;
        ledger_.losses.insert(ledger_.losses.end(), made->losses.begin(), made->losses.end());
        meter_->committed();
    }

    static constexpr std::uint64_t unbounded = 800'000'000'000;
    octroi::testing::Folder folder_;
    TestMachine machine_;
    TestLedger ledger_;
    std::uint64_t link_ = unbounded;
    std::unique_ptr<CounterMeter> meter_;
};

}  // namespace octroi::counters::testing
