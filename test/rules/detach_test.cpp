// SPDX-License-Identifier: GPL-3.0-or-later
// octroi run --detach-kernel: the last counts go to the ledger before the table is removed.

#include "router.hpp"

namespace octroi::rules_test {
namespace {

class RuleDetachTest : public RulesTest {
protected:
    [[nodiscard]] std::string table() const {
        return support::run(in(router_, {"nft", "list", "table", "inet", "octroi_rules"})).out;
    }
};

constexpr std::uint64_t packet = 100 + headers;

TEST_F(RuleDetachTest, TheRestIsPosted) {
    write_config(seed_rules);
    start();
    send(net_, "198.51.100.2", 53, 100, 100);
    stop(SIGTERM);
    // Nobody reads these until the table is detached.
    send(net_, "198.51.100.2", 53, 300, 100);
    octroi_must({"run", "--detach-kernel"});
    EXPECT_EQ(table(), "");
    EXPECT_EQ(booked()["rule physics"].sent, 400 * packet);
    octroi_must({"audit"});
    EXPECT_NE(octroi_must({"meters", "--losses"}).out.find("No losses"), std::string::npos);
    const Ended again = octroi_must({"run", "--detach-kernel"});
    EXPECT_NE(again.err.find("no meter has left anything"), std::string::npos) << again.err;
}

TEST_F(RuleDetachTest, NothingIsRemovedWithoutTheLedger) {
    write_config(seed_rules);
    octroi_must({"rules", "apply"});
    send(net_, "198.51.100.2", 53, 10, 100);
    const Ended refused = support::run(command({"run", "--detach-kernel"}));
    EXPECT_EQ(refused.status, 1);
    EXPECT_NE(refused.err.find("--drop-counts"), std::string::npos) << refused.err;
    EXPECT_EQ(listed()["physics out"].packets, 10U);
    octroi_must({"run", "--detach-kernel", "--drop-counts"});
    EXPECT_EQ(table(), "");
}

}  // namespace
}  // namespace octroi::rules_test
