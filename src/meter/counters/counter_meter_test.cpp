// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/counters/counter_meter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "host/testing/folder.hpp"
#include "meter/counters/interface_source.hpp"

namespace octroi::counters {
namespace {

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
    std::string generation = "boot 1";
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
    Result<std::string> generation() override { return machine_.generation; }
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
        }
    }
    const NameTable* names = nullptr;
    Volume open;
    std::map<std::string, std::uint64_t> uncommitted;
    std::map<std::string, std::uint64_t> bytes;
    std::vector<Cursor> cursors;
    std::vector<Loss> losses;
};

class CounterMeterTest : public ::testing::Test {
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

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST_F(CounterMeterTest, TheFirstReadingIsWhereItBeginsAndAsksForACommit) {
    machine_.add("eth0", 2);
    machine_.count(0, 5000, 7000);
    start();
    EXPECT_EQ(pull(), Pull::checkpoint);
    checkpoint();
    machine_.count(0, 300, 200);
    EXPECT_EQ(pull(), Pull::idle);
    checkpoint();
    EXPECT_THAT(ledger_.bytes, ElementsAre(Pair("eth0 in", 300), Pair("eth0 out", 200)));
    EXPECT_THAT(ledger_.losses, IsEmpty());
}

TEST_F(CounterMeterTest, AKillAtAnyPlaceCountsNothingTwiceAndLosesNothing) {
    machine_.add("eth0", 2);
    start();
    pull();
    checkpoint();
    std::uint64_t truth = 0;
    for (std::uint64_t i = 1; i <= 1000; ++i) {
        machine_.count(0, 100 * i, 0);
        truth += 100 * i;
        if (i % 3 != 0) pull();
        if (i % 5 == 0) checkpoint(i % 2 == 0);
        if (i % 7 == 0) start();
        machine_.clock.pass(Duration::seconds(1));
    }
    start();
    checkpoint();
    EXPECT_EQ(ledger_.bytes["eth0 in"], truth);
    EXPECT_THAT(ledger_.losses, IsEmpty());
}

TEST_F(CounterMeterTest, ACheckpointKeepsWhatOnePullCouldNotHandOver) {
    for (int i = 1; i <= 3000; ++i) machine_.add("veth" + std::to_string(i), i);
    start();
    pull();
    checkpoint();
    for (std::size_t i = 0; i < machine_.present.size(); ++i) machine_.count(i, 1000, 0);
    checkpoint();
    EXPECT_EQ(ledger_.bytes.size(), counted_volumes_of_a_pull_max);
    start();  // the rest is in the state file
    EXPECT_EQ(pull(), Pull::more);
    pull();
    checkpoint();
    EXPECT_EQ(ledger_.bytes.size(), 3000U);
    for (const auto& [name, bytes] : ledger_.bytes) EXPECT_EQ(bytes, 1000U) << name;
}

TEST_F(CounterMeterTest, InterfacesAppearDisappearAndAreRenamed) {
    machine_.add("eth0", 2);
    machine_.count(0, 5000, 0);
    start();
    pull();
    checkpoint();
    machine_.add("tun0", 7);
    machine_.count(1, 400, 0);
    machine_.present[0].name = "lan";
    machine_.count(0, 100, 0);
    pull();
    checkpoint();
    EXPECT_THAT(ledger_.bytes, ElementsAre(Pair("lan in", 100), Pair("tun0 in", 400)));
    EXPECT_THAT(ledger_.losses, IsEmpty());
    machine_.present.pop_back();
    pull();
    checkpoint();
    ASSERT_EQ(ledger_.losses.size(), 2U) << "in and out of tun0";
    EXPECT_EQ(ledger_.losses[0].reason, LossReason::counter_reset);
    EXPECT_TRUE(ledger_.losses[0].source.starts_with("tun0")) << ledger_.losses[0].source;
    EXPECT_FALSE(ledger_.losses[0].bytes_bound.has_value()) << "the link speed is not known";
}

TEST_F(CounterMeterTest, ABootOrAResetCountsFromZeroAndIsALoss) {
    link_ = 1'000'000;
    machine_.add("eth0", 2);
    machine_.count(0, 5000, 0);
    start();
    pull();
    checkpoint();
    machine_.present[0].counters = {};
    machine_.count(0, 300, 0);
    pull();
    checkpoint();
    EXPECT_EQ(ledger_.bytes["eth0 in"], 300U);
    ASSERT_EQ(ledger_.losses.size(), 1U) << "the counter of sent frames was 0 before";
    EXPECT_EQ(ledger_.losses[0].bytes_bound, 1'375'000U) << "11 s of 1 Mbit/s";
    machine_.generation = "boot 2";
    machine_.present[0].counters = {.rx_bytes = 400, .rx_packets = 4};
    start();
    pull();
    checkpoint();
    EXPECT_EQ(ledger_.bytes["eth0 in"], 700U) << "although the value is larger than before";
    EXPECT_EQ(ledger_.losses.size(), 3U);
}

TEST_F(CounterMeterTest, MoreThanTheLinkCarriesIsExcluded) {
    link_ = 1'000'000;
    machine_.add("eth0", 2);
    start();
    pull();
    checkpoint();
    machine_.count(0, 1'000'000'000, 1000);
    pull();
    checkpoint();
    EXPECT_THAT(ledger_.bytes,
                ElementsAre(Pair("eth0 in excluded", 1'000'000'000), Pair("eth0 out", 1000)));
}

TEST_F(CounterMeterTest, AClockThatIsSetBackExcludesNothing) {
    link_ = 1'000'000;
    machine_.add("eth0", 2);
    start();
    pull();
    checkpoint();
    machine_.count(0, 1'000'000, 0);
    machine_.clock.time = machine_.clock.time - Duration::hours(1);
    pull();
    checkpoint();
    EXPECT_EQ(ledger_.bytes["eth0 in"], 1'000'000U);
}

TEST_F(CounterMeterTest, AnInterfaceThatIsNamedLaterBeginsThen) {
    machine_.add("eth0", 2);
    machine_.add("eth1", 3);
    start({"eth0"});
    pull();
    checkpoint();
    machine_.count(1, 5000, 0);
    pull();
    checkpoint();
    start({"eth0", "eth1"});
    machine_.count(1, 70, 0);
    pull();
    checkpoint();
    EXPECT_THAT(ledger_.bytes, ElementsAre(Pair("eth1 in", 70)));
}

TEST_F(CounterMeterTest, AnInterfaceThatGoesDownHasCountedUntilThen) {
    machine_.add("veth0", 2).kind = "veth";
    start();
    pull();
    checkpoint();
    machine_.count(0, 500, 0);
    machine_.present[0].up = machine_.present[0].meterable = false;
    pull();
    checkpoint();
    EXPECT_EQ(ledger_.bytes["veth0 in"], 500U);
    EXPECT_THAT(ledger_.losses, IsEmpty());
}

TEST_F(CounterMeterTest, ALostStateIsALossAndANewBeginning) {
    machine_.add("eth0", 2);
    start();
    pull();
    checkpoint();
    meter_.reset();
    std::filesystem::remove_all(folder_.file("state"));
    machine_.count(0, 5000, 0);
    start();
    EXPECT_EQ(meter_->warnings().size(), 1U);
    pull();
    machine_.count(0, 60, 0);
    pull();
    checkpoint();
    EXPECT_EQ(ledger_.bytes["eth0 in"], 60U);
    ASSERT_EQ(ledger_.losses.size(), 1U);
    EXPECT_EQ(ledger_.losses[0].reason, LossReason::not_running);
    EXPECT_EQ(ledger_.cursors[0].version, 2U);
}

TEST_F(CounterMeterTest, AFailedReadingLeavesItsIncreaseToTheNext) {
    machine_.add("eth0", 2);
    start();
    pull();
    checkpoint();
    machine_.has_netlink = false;
    machine_.count(0, 500, 0);
    pull();
    EXPECT_EQ(meter_->counters()[1].value, 1U);
    machine_.has_netlink = true;
    pull();
    checkpoint();
    EXPECT_EQ(ledger_.bytes["eth0 in"], 500U);
    EXPECT_THAT(ledger_.losses, IsEmpty());
}

TEST_F(CounterMeterTest, WithoutNetlinkTheCountersComeFromProc) {
    machine_.has_netlink = false;
    const auto at = [](int bytes) {
        return "eth0: " + std::to_string(bytes) + " 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0\n" +
               "lo: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0\n";
    };
    machine_.net_dev = at(1000);
    start();
    pull();
    checkpoint();
    machine_.net_dev = at(1200);
    pull();
    checkpoint();
    EXPECT_THAT(ledger_.bytes, ElementsAre(Pair("eth0 in", 200)));
    // The same counters by another way have other names: they begin where they are.
    machine_.has_netlink = true;
    machine_.add("eth0", 2);
    machine_.count(0, 5000, 0);
    start();
    EXPECT_EQ(pull(), Pull::checkpoint);
    machine_.count(0, 7, 0);
    pull();
    checkpoint();
    EXPECT_EQ(ledger_.bytes["eth0 in"], 207U);
    EXPECT_EQ(ledger_.losses.size(), 2U);
}

TEST(InterfaceSource, NamesThatDoNotExist) {
    TestMachine machine;
    machine.add("eth0", 2);
    const auto none = InterfaceSource::open({"eth9"}, std::make_unique<TestCounterHost>(machine));
    ASSERT_FALSE(none.has_value());
    EXPECT_EQ(none.error().code, ErrorCode::not_found);
    auto one = InterfaceSource::open({"eth0", "tun0"}, std::make_unique<TestCounterHost>(machine));
    ASSERT_TRUE(one.has_value());
    EXPECT_THAT((*one)->read()->missing, ElementsAre("interface tun0"));
}

TEST(CounterState, DamagedStatesAreRefused) {
    CounterState state;
    state.counters.begin_reading(UtcTime::from_seconds(5));
    (void)state.counters.advance("a", "1", {1, 2});
    state.parts = {"part"};
    state.labels["a"] = "eth0 in";
    state.pending.push_back({{.bytes = 7}, NameKind::interface, "eth0"});
    const std::string saved = state.save();
    ASSERT_TRUE(CounterState::restore(saved).has_value());
    EXPECT_EQ(CounterState::restore(saved)->pending.front().identity, "eth0");
    for (std::size_t size = 0; size < saved.size(); ++size)
        EXPECT_FALSE(CounterState::restore(saved.substr(0, size)).has_value()) << size;
    EXPECT_FALSE(CounterState::restore(saved + '\0').has_value());
}

}  // namespace
}  // namespace octroi::counters
