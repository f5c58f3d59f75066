// SPDX-License-Identifier: GPL-3.0-or-later
// A meter that cannot be opened, or that fails while it runs: the daemon goes on with the others,
// reports it, and opens it again.

#include <gmock/gmock.h>

#include <filesystem>

#include "support/counters_fixture.hpp"

namespace octroi {
namespace {

using ::testing::HasSubstr;

const std::string links_meter =
    "[[meter]]\nname = \"links\"\nkind = \"interfaces\"\ninterfaces = [\"cnear\"]\n"
    "poll = \"100ms\"\n";

class FailingMeterTest : public CountersFixture {
protected:
    // The row of the meter in `octroi meters`.
    [[nodiscard]] json row_of(const std::string& meter) const {
        for (const json& row : ask({"meters"}))
            if (row.is_object() && row.value("meter", "") == meter) return row;
        return json::object();
    }
    [[nodiscard]] bool is_in_state(const std::string& meter, const std::string& state) const {
        return support::wait_until(
            [&] {
                const json row = row_of(meter);
                return row.contains("state") && row["state"] == state;
            },
            patience);
    }
    [[nodiscard]] std::string log() const { return daemon_->err_so_far(); }
    void add_late_interface() const {
        must(in(near_, {"ip", "link", "add", "clate", "type", "veth", "peer", "name", "cpeer"}));
        must(in(near_, {"ip", "link", "set", "cpeer", "up"}));
        must(in(near_, {"ip", "link", "set", "clate", "up"}));
    }
    void ping(int count) const {
        must(in(near_, {"ping", "-q", "-c", std::to_string(count), "-i", "0.01", "-s", "1000",
                        "10.78.0.2"}));
    }
};

TEST_F(FailingMeterTest, AnInterfaceThatComesLaterIsMeteredFromThenOn) {
    configure_daemon(links_meter +
                     "[[meter]]\nname = \"late\"\nkind = \"capture\"\n"
                     "interfaces = [\"clate\"]\n");
    const Traffic before = kernel();
    start();
    EXPECT_THAT(log(), HasSubstr("meter late: interface clate does not exist"));
    EXPECT_THAT(log(), HasSubstr("meters:   links; not running, tried again: late"));
    EXPECT_TRUE(is_in_state("late", "failed"));
    EXPECT_THAT(row_of("late").value("failure", ""), HasSubstr("clate does not exist"));
    EXPECT_EQ(row_of("links").value("state", ""), "running");
    const Ended table = support::run(support::octroi(ledger_, {"meters"}));
    EXPECT_THAT(table.out, HasSubstr("Meter late does not run: interface clate does not exist"));
    ping(20);
    add_late_interface();
    EXPECT_TRUE(is_in_state("late", "running")) << log();
    EXPECT_THAT(log(), HasSubstr("meter late: runs now"));
    stop();
    const Traffic after = kernel();
    EXPECT_EQ(booked().out, after.out - before.out) << "the other meter has missed nothing";
    EXPECT_EQ(support::run(support::octroi(ledger_, {"audit"})).status, 0);
}

// The only meter waits too: a daemon that starts before the network does not end.
TEST_F(FailingMeterTest, TheOnlyMeterIsWaitedFor) {
    configure_daemon("[[meter]]\nname = \"late\"\nkind = \"capture\"\ninterfaces = [\"clate\"]\n");
    daemon_ = std::make_unique<Process>(
        in(near_, support::octroi(ledger_, {"--config", config_, "run"})));
    EXPECT_TRUE(is_in_state("late", "failed")) << log();
    add_late_interface();
    EXPECT_TRUE(is_in_state("late", "running")) << log();
    stop();
}

TEST_F(FailingMeterTest, ARunWithoutAnyMeterFailsAtItsEnd) {
    configure_daemon("[[meter]]\nname = \"late\"\nkind = \"capture\"\ninterfaces = [\"clate\"]\n");
    const Ended ended = support::run(
        in(near_, support::octroi(ledger_, {"--config", config_, "run", "--for", "1s"})));
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.err, HasSubstr("interface clate does not exist"));
}

// A group of the packet log has one reader.
TEST_F(FailingMeterTest, AResourceThatAnotherProgramHoldsIsUsedWhenItIsFree) {
    const std::string nflog = "[[meter]]\nname = \"log\"\nkind = \"nflog\"\ngroup = 7\n";
    configure_daemon(nflog);
    Process other(in(near_, support::octroi(folder_ / "other.db", {"--config", config_, "run"})));
    ASSERT_TRUE(support::wait_until([&] { return other.err_so_far().contains("ends with Ctrl-C"); },
                                    patience))
        << other.err_so_far();
    configure_daemon(links_meter + nflog + "disjoint_from = [\"links\"]\n");
    start();
    EXPECT_TRUE(is_in_state("log", "failed"));
    EXPECT_THAT(row_of("log").value("failure", ""), HasSubstr("group 7"));
    other.signal(SIGTERM);
    (void)other.wait();
    EXPECT_TRUE(is_in_state("log", "running")) << log();
    stop();
}

// The counters went on while the meter was closed: nothing is lost.
TEST_F(FailingMeterTest, CumulativeCountersLoseNothingWhileTheMeterIsClosed) {
    configure_daemon(links_meter +
                     "[[meter]]\nname = \"wire\"\nkind = \"capture\"\nrole = \"witness\"\n"
                     "interfaces = [\"cnear\"]\n");
    const Traffic before = kernel();
    start(2);
    kill();
    // The folder of the state is out of reach: the meter cannot be opened.
    must({"mv", folder_ / "counters", folder_ / "away"});
    std::ofstream(folder_ / "counters") << "in the way";
    daemon_ = std::make_unique<Process>(
        in(near_, support::octroi(ledger_, {"--config", config_, "run"})));
    EXPECT_TRUE(is_in_state("links", "failed")) << log();
    EXPECT_TRUE(is_in_state("wire", "running")) << log();
    ping(50);
    std::filesystem::remove(folder_ / "counters");
    must({"mv", folder_ / "away", folder_ / "counters"});
    EXPECT_TRUE(is_in_state("links", "running")) << log();
    stop();
    const Traffic after = kernel();
    EXPECT_EQ(booked().out, after.out - before.out);
    for (const json& loss : ask({"meters", "--losses"}))
        EXPECT_NE(loss.value("meter", ""), "links") << loss;
}

TEST_F(FailingMeterTest, AMistakeOfTheConfigurationEndsTheStart) {
    configure_daemon(links_meter +
                     "[[meter]]\nname = \"wire\"\nkind = \"capture\"\nrole = \"witness\"\n"
                     "interfaces = [\"cnear\"]\nfilter = \"no such filter\"\n");
    const Ended ended = support::run(
        in(near_, support::octroi(ledger_, {"--config", config_, "run", "--for", "1s"})));
    EXPECT_EQ(ended.status, 2) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("filter"));
}

TEST_F(FailingMeterTest, WithoutPrivilegesTheRunEndsWithTheReason) {
    const Ended can =
        support::run({"setpriv", "--bounding-set=-all", "--inh-caps=-all", "ip", "-V"});
    if (can.status != 0) GTEST_SKIP() << "no setpriv here";
    configure_daemon("[[meter]]\nname = \"wire\"\nkind = \"capture\"\ninterfaces = [\"cnear\"]\n");
    Arguments command = support::octroi(ledger_, {"--config", config_, "run", "--for", "1s"});
    command.insert(command.begin(), {"setpriv", "--bounding-set=-all", "--inh-caps=-all"});
    const Ended ended = support::run(in(near_, command));
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.err, HasSubstr("CAP_NET_RAW"));
}

}  // namespace
}  // namespace octroi
