// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/neighbours/neighbours_meter.hpp"

#include <gtest/gtest.h>

#include "record/testing/identity_sink.hpp"

namespace octroi::neighbours {
namespace {

using octroi::testing::event_texts;
using octroi::testing::IdentitySink;
using ::testing::Test;

class SetClock final : public Clock {
public:
    [[nodiscard]] UtcTime now() const override { return time; }
    [[nodiscard]] Duration uptime() const override { return up; }
    void pass(Duration wait) {
        time = time + wait;
        up = up + wait;
    }
    UtcTime time = *parse_rfc3339("2026-11-28T10:00:00Z");
    Duration up = Duration::seconds(100);
};

NeighbourEntry entry(const char* address, const char* mac, int interface = 1,
                     NeighbourState state = NeighbourState::reachable) {
    NeighbourEntry made;
    made.interface = interface;
    made.address = *parse_address(address);
    made.mac = *parse_mac(mac);
    made.state = state;
    return made;
}

struct Kernel {
    std::vector<NeighbourEntry> table;
    std::vector<NeighbourEntry> changes;
    bool has_lost = false;
    int listings = 0;
};

class FakeNeighbours final : public NeighbourSource {
public:
    explicit FakeNeighbours(Kernel& kernel) : kernel_(kernel) {}
    Status list(Handler handler, void* context) override {
        ++kernel_.listings;
        for (const NeighbourEntry& one : kernel_.table) handler(context, one);
        return {};
    }
    Result<bool> read(Handler handler, void* context) override {
        for (const NeighbourEntry& one : std::exchange(kernel_.changes, {})) handler(context, one);
        return !std::exchange(kernel_.has_lost, false);
    }
    void wait(Duration /*wait*/) override {}

private:
    Kernel& kernel_;
};

std::string name_of(int index) { return index == 1 ? "lan0" : index == 2 ? "wan0" : ""; }

class NeighboursMeterTest : public Test {
protected:
    NeighboursMeterTest() { open({"lan*"}); }
    void open(std::vector<std::string> interfaces) {
        NeighboursMeterOptions options;
        options.interfaces = std::move(interfaces);
        meter_ = std::make_unique<NeighboursMeter>(
            options, std::make_unique<FakeNeighbours>(kernel_), name_of, known_, clock_);
    }
    void pull() { EXPECT_EQ(meter_->pull(sink_, Duration{}).value(), Pull::idle); }

    Kernel kernel_;
    SetClock clock_;
    IdentitySink sink_;
    std::vector<Cursor> known_;
    std::unique_ptr<NeighboursMeter> meter_;
};

TEST_F(NeighboursMeterTest, StatesTheTableAndItsChanges) {
    kernel_.table = {entry("10.0.0.1", "02:00:00:00:00:01")};
    pull();
    EXPECT_EQ(event_texts(sink_.drain()),
              std::vector<std::string>{"2026-11-28T10:00:00Z 10.0.0.1/32 > 02:00:00:00:00:01 until "
                                       "2026-11-29T10:00:00Z"});
    clock_.pass(Duration::seconds(3));
    kernel_.changes = {entry("10.0.0.1", "02:00:00:00:00:02")};
    pull();
    EXPECT_EQ(event_texts(sink_.drain()),
              std::vector<std::string>{"2026-11-28T10:00:03Z 10.0.0.1/32 > 02:00:00:00:00:02 until "
                                       "2026-11-29T10:00:03Z"});
    EXPECT_EQ(kernel_.listings, 1);
}

TEST_F(NeighboursMeterTest, ListsAtEveryPollAndAfterALoss) {
    pull();
    pull();
    EXPECT_EQ(kernel_.listings, 1);
    clock_.pass(Duration::seconds(30));
    pull();
    EXPECT_EQ(kernel_.listings, 2);
    kernel_.has_lost = true;
    kernel_.table = {entry("10.0.0.1", "02:00:00:00:00:01")};
    pull();
    EXPECT_EQ(kernel_.listings, 3);
    EXPECT_EQ(sink_.drain().size(), 1U);
    EXPECT_EQ(meter_->counters()[4].value, 1U);
}

TEST_F(NeighboursMeterTest, OnlyChosenInterfacesCount) {
    kernel_.table = {entry("10.0.0.1", "02:00:00:00:00:01", 1),
                     entry("10.0.0.2", "02:00:00:00:00:02", 2),
                     entry("10.0.0.3", "02:00:00:00:00:03", 3)};
    pull();
    EXPECT_EQ(sink_.drain().size(), 1U);
    open({});
    pull();
    EXPECT_EQ(sink_.drain().size(), 3U);
}

TEST_F(NeighboursMeterTest, HasACursorWithoutTraffic) {
    kernel_.table = {entry("10.0.0.1", "02:00:00:00:00:01")};
    pull();
    auto made = meter_->checkpoint(sink_);
    ASSERT_TRUE(made);
    ASSERT_EQ(made->cursors.size(), 1U);
    EXPECT_EQ(made->cursors[0].source, neighbours_source);
    EXPECT_EQ(made->cursors[0].version, 1U);
    EXPECT_EQ(made->cursors[0].note, "1 neighbours");
    EXPECT_EQ(made->observed, Volume{});
    known_ = made->cursors;
    open({});
    EXPECT_EQ(meter_->checkpoint(sink_)->cursors[0].version, 2U);
}

}  // namespace
}  // namespace octroi::neighbours
