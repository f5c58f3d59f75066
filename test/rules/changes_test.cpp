// SPDX-License-Identifier: GPL-3.0-or-later
// What happens to our table while traffic flows: other programs, reloads, two processes at once.

#include "router.hpp"

namespace octroi::rules_test {
namespace {

class RuleChangesTest : public RulesTest {
protected:
    void nft(Arguments arguments) const {
        arguments.insert(arguments.begin(), "nft");
        must(in(router_, std::move(arguments)));
    }
    [[nodiscard]] std::string table() const {
        return support::run(in(router_, {"nft", "list", "table", "inet", "octroi_rules"})).out;
    }
    [[nodiscard]] bool counts_again() const {
        return support::wait_until(
            [&] { return table().find("out-physics\"") != std::string::npos; },
            std::chrono::seconds(10));
    }
    [[nodiscard]] std::string losses() const {
        return octroi_must({"--json", "meters", "--losses"}).out;
    }
    // The names of all counters in the text of a table.
    static std::vector<std::string> counters_in(const std::string& text) {
        std::vector<std::string> names;
        const std::string_view mark = "\tcounter ";
        for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; ++at)
            names.push_back(text.substr(at, text.find('\n', at) - at));
        return names;
    }
    void expect_loss() const {
        EXPECT_TRUE(
            support::wait_until([&] { return losses().find("octroi_rules") != std::string::npos; },
                                std::chrono::seconds(10)));
    }
};

constexpr std::uint64_t packet = 100 + headers;

// A saved ruleset has the values of counters that are in the ledger already.
TEST_F(RuleChangesTest, ARestoredTableCountsNothingTwice) {
    // With every form of lookup: nft must be able to read what it prints.
    write_config(std::string(seed_rules) +
                 "[[rule]]\nname = \"p1\"\naddress = [\"172.16.3.0/24\", \"172.16.5.0/24\"]\n"
                 "interface = \"ppp0\"\nprotocol = \"udp\"\nport = [\"53\", \"80:90\"]\n"
                 "[[rule]]\nname = \"p2\"\naddress = [\"172.16.3.0/24\", \"fd00::/48\"]\n"
                 "interface = \"inside\"\nprotocol = [\"udp\", \"tcp\"]\nport = \"1000:3000\"\n"
                 "[[rule]]\nname = \"p3\"\nbetween = [\"172.16.4.0/24\", \"198.51.0.0/16\"]\n");
    start();
    send(net_, "198.51.100.2", 53, 400, 100);
    expect_booked("physics", {400, 400 * packet}, {});
    const std::string saved = folder_ / "saved.nft";
    std::ofstream(saved) << "flush ruleset\n"
                         << support::run(in(router_, {"nft", "list", "ruleset"})).out;
    nft({"-f", saved});
    expect_loss();
    ASSERT_TRUE(support::wait_until([&] { return listed()["physics out"].packets == 0; },
                                    std::chrono::seconds(10)));
    send(net_, "198.51.100.2", 53, 100, 100);
    expect_booked("physics", {500, 500 * packet}, {});
    // The same while no daemon runs, as at boot.
    stop(SIGTERM);
    nft({"-f", saved});
    start();
    send(net_, "198.51.100.2", 53, 100, 100);
    expect_booked("physics", {600, 600 * packet}, {});
    stop(SIGTERM);
    octroi_must({"audit"});
}

TEST_F(RuleChangesTest, ATableThatOthersDamageIsRepaired) {
    write_config(seed_rules);
    start();
    send(net_, "198.51.100.2", 53, 100, 100);
    nft({"flush", "table", "inet", "octroi_rules"});
    ASSERT_TRUE(counts_again());
    expect_loss();
    send(net_, "198.51.100.2", 53, 100, 100);
    expect_booked("physics", {200, 200 * packet}, {});
    // Elements of the map of services.
    const std::string text = table();
    const std::size_t at = text.find("map m");
    ASSERT_NE(at, std::string::npos) << text;
    nft({"flush", "map", "inet", "octroi_rules", text.substr(at + 4, 17)});
    ASSERT_TRUE(support::wait_until(
        [&] { return table() == text || table().size() >= text.size(); }, std::chrono::seconds(10)))
        << table();
    nft({"flush", "ruleset"});
    ASSERT_TRUE(counts_again());
    send(net_, "198.51.100.2", 53, 100, 100);
    expect_booked("physics", {300, 300 * packet}, {});
    stop(SIGTERM);
    octroi_must({"audit"});
}

// Rules of the file change while traffic flows: no octet is lost or counted twice, and traffic has
// the names of its time.
TEST_F(RuleChangesTest, AReloadTakesOtherRules) {
    write_config(seed_rules);
    start();
    Process traffic(in(net_, {"python3", "-c", sender("198.51.100.2", 53, 60'000, 100)}));
    for (int round = 0; !traffic.has_ended(); ++round) {
        const std::string other = "[[rule]]\nname = \"new" + std::to_string(round) +
                                  "\"\naddress = [\"172.16.3.2\", \"10.0." +
                                  std::to_string(round % 250) + ".0/24\"]\n";
        write_config(seed_rules + other);
        const std::string answer = octroi_must({"reload"}).out;
        EXPECT_NE(answer.find("rule new" + std::to_string(round)), std::string::npos) << answer;
        EXPECT_EQ(answer.find("restart needed"), std::string::npos) << answer;
    }
    EXPECT_EQ(traffic.wait().status, 0);
    expect_booked("physics", {60'000, 60'000 * packet}, {});
    EXPECT_EQ(losses().find("octroi_rules"), std::string::npos) << losses();
    // The counters of rules that are gone were read, and are removed.
    EXPECT_TRUE(
        support::wait_until([&] { return table().find("counter out-new0 {") == std::string::npos; },
                            std::chrono::seconds(10)));
    std::uint64_t fresh = 0;
    for (const auto& [identity, sums] : booked())
        if (identity.starts_with("rule new")) fresh += sums.sent;
    EXPECT_GT(fresh, 0U);
    EXPECT_LE(fresh, 60'000 * packet);

    write_config(std::string(seed_rules) + "[[rule]]\nname = \"bad\"\nport = \"80\"\n");
    const Ended refused = support::run(command({"reload"}));
    EXPECT_NE(refused.status, 0);
    EXPECT_NE(refused.err.find("a port needs a protocol"), std::string::npos) << refused.err;
    // A daemon that runs gets the name of a rule that the command line adds.
    write_config(seed_rules);
    octroi_must({"rules", "add", "dns", "address=172.16.3.2", "protocol=udp", "port=53",
                 "identity=user bob"});
    send(net_, "198.51.100.2", 53, 50, 100);
    EXPECT_TRUE(support::wait_until([&] { return booked()["user bob"].sent == 50 * packet; },
                                    std::chrono::seconds(10)));
    stop(SIGTERM);
    octroi_must({"audit"});
}

// A rule that is removed, and one of its name with another identity, while no daemon runs: what the
// kernel counted before goes to the identity before.
TEST_F(RuleChangesTest, ARemovedRuleKeepsItsIdentity) {
    const auto rules = [](const std::string& identity) {
        return "[[rule]]\nname = \"b\"\naddress = \"172.16.3.2\"\nidentity = \"" + identity +
               "\"\n";
    };
    write_config(rules("user alice"));
    start();
    send(net_, "198.51.100.2", 53, 10, 100);
    stop(SIGTERM);
    send(net_, "198.51.100.2", 53, 50, 100);
    octroi_must({"rules", "delete", "b"});
    octroi_must({"rules", "add", "b", "address=172.16.3.2", "identity=user bob"});
    send(net_, "198.51.100.2", 53, 30, 100);
    start();
    EXPECT_TRUE(support::wait_until([&] { return booked()["user bob"].sent == 30 * packet; },
                                    std::chrono::seconds(10)))
        << booked()["user bob"].sent;
    EXPECT_EQ(booked()["user alice"].sent, 60 * packet);
    // While a daemon runs.
    Process traffic(in(net_, {"python3", "-c", sender("198.51.100.2", 53, 20'000, 100)}));
    write_config(rules("user carol"));
    octroi_must({"reload"});
    EXPECT_EQ(traffic.wait().status, 0);
    EXPECT_TRUE(support::wait_until(
        [&] {
            auto sums = booked();
            return sums["user bob"].sent + sums["user carol"].sent == 20'030 * packet;
        },
        std::chrono::seconds(10)));
    EXPECT_EQ(losses().find("octroi_rules"), std::string::npos) << losses();
    stop(SIGTERM);
    octroi_must({"audit"});
}

// A counter that the daemon removed after its last count was committed is no loss for the next
// daemon.
TEST_F(RuleChangesTest, ARemovedCounterIsNoLossAfterAKill) {
    write_config(std::string(seed_rules) + "[[rule]]\nname = \"old\"\naddress = \"172.16.3.2\"\n");
    start();
    send(net_, "198.51.100.2", 53, 10, 100);
    write_config(seed_rules);
    octroi_must({"reload"});
    ASSERT_TRUE(
        support::wait_until([&] { return table().find("counter out-old {") == std::string::npos; },
                            std::chrono::seconds(10)));
    stop(SIGKILL);
    start();
    send(net_, "198.51.100.2", 53, 10, 100);
    expect_booked("physics", {20, 20 * packet}, {});
    EXPECT_EQ(losses().find("octroi_rules"), std::string::npos) << losses();
    stop(SIGTERM);
    octroi_must({"audit"});
}

// Two processes that make the table at the same time: rules are never there twice.
TEST_F(RuleChangesTest, TwoProcessesMakeOneTable) {
    write_config(seed_rules);
    for (int round = 0; round < 5; ++round) {
        std::vector<std::unique_ptr<Process>> all;
        for (int i = 0; i < 4; ++i)
            all.push_back(std::make_unique<Process>(command({"rules", "apply"})));
        for (const auto& one : all) EXPECT_EQ(one->wait().status, 0);
        EXPECT_EQ(support::run(command({"rules", "check"})).status, 0);
        send(net_, "198.51.100.2", 53, 10, 100);
        EXPECT_EQ(listed()["physics out"].packets, 10U);
        octroi_must({"rules", "flush"});
    }
}

// The counters of a changed rule have other names: the daemon must know them before they count.
TEST_F(RuleChangesTest, ApplyTellsTheRunningDaemonFirst) {
    const std::string physics =
        "[[rule]]\nname = \"physics\"\naddress = \"172.16.3.0/24\"\ninterface = \"ppp0\"\n";
    write_config(physics);
    start();
    send(net_, "198.51.100.2", 53, 100, 100);
    expect_booked("physics", {100, 100 * packet}, {});
    write_config(physics + "identity = \"user alice\"\n");
    octroi_must({"rules", "apply"});
    send(net_, "198.51.100.2", 53, 200, 100);
    EXPECT_TRUE(support::wait_until([&] { return booked()["user alice"].sent == 200 * packet; },
                                    std::chrono::seconds(10)))
        << booked()["user alice"].sent << "\n"
        << daemon_->err_so_far();
    expect_booked("physics", {100, 100 * packet}, {});
    // Another file: the daemon refuses, and the kernel keeps its rules.
    const std::string before = table();
    const std::string other = folder_ / "other.toml";
    std::ofstream(other) << "[[meter]]\nname = \"rules\"\nkind = \"nftables\"\n"
                         << physics << "identity = \"user bob\"\n";
    const Ended refused =
        support::run(in(router_, support::octroi(ledger_, {"--config", other, "rules", "apply"})));
    EXPECT_NE(refused.status, 0);
    EXPECT_NE(refused.err.find("the running daemon refuses the new rules"), std::string::npos)
        << refused.err;
    // The meter has removed the counters that no rule uses any more, and none is new.
    for (const std::string& counter : counters_in(table()))
        EXPECT_TRUE(before.contains(counter)) << counter;
    stop(SIGTERM);
    octroi_must({"audit"});
}

// A bad rule in the file does not keep our table in the kernel.
TEST_F(RuleChangesTest, AreRemovedWithABadFile) {
    write_config(seed_rules);
    octroi_must({"rules", "apply"});
    write_config("[[rule]]\nname = \"bad\"\nport = \"80\"\n");
    EXPECT_EQ(support::run(command({"rules", "apply"})).status, 2);
    octroi_must({"rules", "list"});
    octroi_must({"rules", "flush"});
    EXPECT_EQ(table(), "");
}

// N12: reassembled first, fragments count for their port.
TEST_F(RuleChangesTest, FragmentsAreReassembledOnDemand) {
    const std::string rules =
        "defragment = true\n[[rule]]\nname = \"dns\"\naddress = \"172.16.3.0/24\"\n"
        "protocol = \"udp\"\nport = \"53\"\n"
        "[[rule]]\nname = \"fragments\"\naddress = \"172.16.3.0/24\"\nfragments = true\n";
    write_config(rules);
    octroi_must({"rules", "apply"});
    send(net_, "198.51.100.2", 53, 10, 4000);
    auto counts = listed();
    EXPECT_EQ(counts["dns out"], (Count{10, 10 * (4000 + headers)}));
    EXPECT_EQ(counts["fragments out"], Count());
}

// Very many counters are added without libnftables, and are read by name.
TEST_F(RuleChangesTest, ManyAddressesCount) {
    write_config(
        "[[rule]]\nname = \"all\"\naddress = [\"172.16.0.0/17\", \"198.51.100.0/24\"]\n"
        "per_address = true\n");
    start();
    send(net_, "198.51.100.2", 53, 300, 100);
    send(far_, "172.16.3.2", 40000, 70, 500);
    // Addresses that are bound to nobody have no row of their own.
    const auto expect_sent = [&](std::uint64_t octets) {
        EXPECT_TRUE(support::wait_until([&] { return booked()[""].sent == octets; },
                                        std::chrono::seconds(20)))
            << booked()[""].sent << " of " << octets;
    };
    constexpr std::uint64_t before = 300 * packet + 70 * (500 + headers);
    expect_sent(before);
    stop(SIGTERM);
    start();
    send(net_, "198.51.100.2", 53, 100, 100);
    expect_sent(before + 100 * packet);
    stop(SIGTERM);
    octroi_must({"audit"});
}

}  // namespace
}  // namespace octroi::rules_test
