// SPDX-License-Identifier: GPL-3.0-or-later
// Commands that change the configuration file at the same time, and a daemon that reads it: no
// change is lost.

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <set>

#include "router.hpp"

namespace octroi::rules_test {
namespace {

using ::testing::HasSubstr;

constexpr int commands = 20;

class CommandsAtOnceTest : public RulesTest {
protected:
    [[nodiscard]] static std::string rule(int number) { return "rule" + std::to_string(number); }
    // Adds a rule with each of 20 processes that run at the same time.
    void add_rules() const {
        std::vector<std::unique_ptr<Process>> all;
        for (int i = 0; i < commands; ++i)
            all.push_back(std::make_unique<Process>(
                command({"rules", "add", rule(i), "address=172.16.3." + std::to_string(10 + i)})));
        for (const auto& one : all) {
            const Ended ended = one->wait();
            EXPECT_EQ(ended.status, 0) << ended.err;
        }
    }
    // The rules that the kernel counts.
    [[nodiscard]] std::set<std::string> counted() const {
        const json rows = json::parse(octroi_must({"--json", "rules", "list"}).out, nullptr, false);
        std::set<std::string> names;
        for (const json& row : rows) names.insert(row.value("rule", ""));
        return names;
    }
    void expect_all(const std::set<std::string>& names) const {
        for (int i = 0; i < commands; ++i) EXPECT_TRUE(names.contains(rule(i))) << rule(i);
    }
    void expect_all_in_file() const {
        const std::string text = support::text_of(config_);
        for (int i = 0; i < commands; ++i)
            EXPECT_TRUE(text.contains("\"" + rule(i) + "\"")) << rule(i);
    }
};

const std::string first_rule = "[[rule]]\nname = \"first\"\naddress = \"172.16.3.2\"\n";

TEST_F(CommandsAtOnceTest, EachRuleThatACommandAddsIsInTheFileAndInTheKernel) {
    write_config(first_rule);
    ASSERT_EQ(::chmod(config_.c_str(), 0604), 0);
    add_rules();
    expect_all_in_file();
    expect_all(counted());
    octroi_must({"rules", "check"});
    struct stat status{};
    ASSERT_EQ(::stat(config_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0604U);
    octroi_must({"rules", "flush"});
}

TEST_F(CommandsAtOnceTest, ADaemonThatIsReloadedMeanwhileHasThemAll) {
    write_config(first_rule);
    start();
    add_rules();
    expect_all_in_file();
    EXPECT_TRUE(
        support::wait_until([&] { return support::run(command({"rules", "check"})).status == 0; },
                            std::chrono::seconds(20)));
    expect_all(counted());
    // The daemon has the last of them too: it reloads nothing new.
    EXPECT_EQ(octroi_must({"--json", "reload"}).out.find("rule"), std::string::npos);
    stop(SIGTERM);
    octroi_must({"rules", "flush"});
}

TEST_F(CommandsAtOnceTest, AddingAndDeletingAtOnceLeavesWhatIsLeft) {
    write_config(first_rule);
    octroi_must({"rules", "apply"});
    for (int i = 0; i < 5; ++i)
        octroi_must({"rules", "add", rule(100 + i), "address=172.16.3." + std::to_string(100 + i)});
    std::vector<std::unique_ptr<Process>> all;
    for (int i = 0; i < 5; ++i) {
        all.push_back(std::make_unique<Process>(command({"rules", "delete", rule(100 + i)})));
        all.push_back(std::make_unique<Process>(
            command({"rules", "add", rule(i), "address=172.16.3." + std::to_string(10 + i)})));
    }
    for (const auto& one : all) EXPECT_EQ(one->wait().status, 0);
    const std::string text = support::text_of(config_);
    for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(text.contains("\"" + rule(i) + "\"")) << i;
        EXPECT_FALSE(text.contains("\"" + rule(100 + i) + "\"")) << i;
    }
    octroi_must({"rules", "check"});
    octroi_must({"rules", "flush"});
}

TEST_F(CommandsAtOnceTest, AWarningSaysWhereNoLedgerGetsTheCounts) {
    std::ofstream(config_) << "";
    const Ended without_meter = octroi_must({"rules", "add", "one", "address=172.16.3.2"});
    EXPECT_THAT(without_meter.err, HasSubstr("has no [[meter]] of kind nftables"));
    octroi_must({"rules", "flush"});
    write_config(first_rule);
    const Ended without_daemon = octroi_must({"rules", "add", "two", "address=172.16.3.3"});
    EXPECT_THAT(without_daemon.err, HasSubstr("no daemon writes to the ledger"));
    start();
    const Ended with_both = octroi_must({"rules", "add", "three", "address=172.16.3.4"});
    EXPECT_EQ(with_both.err.find("daemon"), std::string::npos) << with_both.err;
    stop(SIGTERM);
    octroi_must({"rules", "flush"});
}

}  // namespace
}  // namespace octroi::rules_test
