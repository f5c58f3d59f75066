// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A meter of any source, its state folder and its ledger.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "host/testing/folder.hpp"
#include "meter/counters/counter_meter.hpp"
#include "meter/counters/testing/machine.hpp"

namespace octroi::counters::testing {

class SourceMeterTest : public ::testing::Test {
protected:
    void start(std::unique_ptr<CounterSource> source) {
        CounterMeterOptions options;
        options.cursor_source = "source:counters";
        options.folder = folder_.file("state");
        meter_.reset();  // it has a lock on the folder
        auto opened =
            CounterMeter::open(options, std::move(source), machine_.clock, ledger_.cursors);
        ASSERT_TRUE(opened.has_value()) << opened.error().text;
        meter_ = *std::move(opened);
        ledger_.names = &meter_->names();
        ledger_.uncommitted.clear();
        ledger_.open = {};
    }
    // One reading, and its commit.
    void read() {
        machine_.clock.pass(Duration::seconds(10));
        const auto made = meter_->checkpoint(ledger_);
        ASSERT_TRUE(made.has_value()) << made.error().text;
        ledger_.open = {};
        for (const auto& [name, bytes] : ledger_.uncommitted) ledger_.bytes[name] += bytes;
        ledger_.uncommitted.clear();
        ledger_.cursors = made->cursors;
        ledger_.losses.insert(ledger_.losses.end(), made->losses.begin(), made->losses.end());
        meter_->committed();
    }

    octroi::testing::Folder folder_;
    TestMachine machine_;
    TestLedger ledger_;
    std::unique_ptr<CounterMeter> meter_;
};

}  // namespace octroi::counters::testing
