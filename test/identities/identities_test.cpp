// SPDX-License-Identifier: GPL-3.0-or-later
// Identities over time from outside: lines that state who held an address are imported before,
// after and in the middle of its traffic; imports are killed at any moment.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "ledger/audit.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "support/process.hpp"
#include "wire/packet/testing/build.hpp"
#include "wire/pcap/testing/writer.hpp"

namespace octroi {
namespace {

using support::Arguments;
using support::Ended;
using support::Folder;
using support::octroi;
using support::Process;

constexpr std::int64_t noon = 1'767'268'800;  // 2026-01-01T12:00:00Z
constexpr std::int64_t change = noon + 3;     // from alice to bob
constexpr std::int64_t back = noon + 1800;    // to alice
constexpr std::uint64_t packet_bytes = 128;

using Bytes = std::map<std::string, std::uint64_t>;

void expect_ok(const Ended& ended) { ASSERT_EQ(ended.status, 0) << ended.out << ended.err; }

// A packet of 10.1.2.3 each second from 11:55:00 to 12:39:59, each in a flow of its own.
void write_packets(const std::string& path) {
    std::string file;
    pcap::PcapWriter writer(file);
    for (std::int64_t second = noon - 300; second < noon + 2400; ++second) {
        packet::build::Frame frame;
        frame.ethernet({{2, 0, 0, 0, 9, 1}}, {{2, 0, 0, 0, 9, 2}});
        packet::build::Ipv4 header;
        header.src = *parse_address("10.1.2.3");
        header.dst = *parse_address("198.51.100.1");
        const auto port = static_cast<std::uint16_t>(2000 + second - noon + 300);
        frame.ipv4(header).udp(port, 53).payload(packet_bytes - 28);
        const std::string octets = frame.octets();
        writer.frame(UtcTime::from_seconds(second), octets,
                     static_cast<std::uint32_t>(octets.size()));
    }
    std::ofstream(path, std::ios::binary) << file;
}

std::string line(std::int64_t second, const std::string& user, int mac) {
    return fmt::format("{} {} 2:0:0:0:0:{} 10.1.2.3\n", second, user, mac);
}

class IdentitiesTest : public ::testing::Test {
protected:
    void SetUp() override {
        write_packets(packets_);
        std::ofstream(first_) << line(noon - 3600, "alice", 1);
        std::ofstream(second_) << line(change, "bob", 2) << line(back, "alice", 1);
    }
    // A ledger in which both users have accounts.
    std::string new_ledger(const std::string& name) {
        const std::string ledger = folder_ / name;
        for (const char* user : {"alice", "bob"}) {
            expect_ok(support::run(octroi(ledger, {"account", "add", user})));
            expect_ok(support::run(octroi(ledger, {"bind", "user", user, user})));
        }
        return ledger;
    }
    static Arguments import_identities(const std::string& file) {
        return {"import", "packet-log", "--format", "trafficwatch", file};
    }
    void import(const std::string& ledger, const std::string& file) {
        const bool is_capture = file == packets_;
        expect_ok(support::run(octroi(
            ledger, is_capture ? Arguments{"import", "packets", file} : import_identities(file))));
    }
    static nlohmann::json json_of(const std::string& ledger, Arguments arguments) {
        arguments.push_back("--json");
        const Ended ended = support::run(octroi(ledger, arguments));
        EXPECT_EQ(ended.status, 0) << ended.err;
        return nlohmann::json::parse(ended.out);
    }
    // Of accounts and @unattributed, in packets.
    static Bytes packets_by_account(const std::string& ledger) {
        Bytes packets;
        const nlohmann::json usage = json_of(ledger, {"usage", "--by", "account"});
        for (const auto& row : usage.at("rows"))
            packets[row.at("account")] = row.at("total_bytes").get<std::uint64_t>() / packet_bytes;
        return packets;
    }
    // For the audit, and for the second program, which was written from docs/format.
    static void expect_sound(const std::string& ledger) {
        const char* source = std::getenv("OCTROI_SOURCE");
        const std::string script =
            std::string(source == nullptr ? "." : source) + "/test/chains/check_chain.py";
        const Ended checked = support::run({"python3", "-B", script, ledger});
        EXPECT_EQ(checked.status, 0) << checked.err;
        const auto opened = SqliteLedger::open(ledger, {.mode = OpenMode::read_only});
        ASSERT_TRUE(opened.has_value());
        const auto report = audit(**opened);
        ASSERT_TRUE(report.has_value()) << report.error().text;
        for (const AuditFinding& finding : report->findings) ADD_FAILURE() << finding.text;
    }
    // Everything was taken into account already.
    static nlohmann::json expect_nothing_to_rebook(const std::string& ledger) {
        nlohmann::json rebooked = json_of(ledger, {"rebook"});
        EXPECT_EQ(rebooked.at("corrections"), 0) << rebooked;
        return rebooked;
    }

    const Folder folder_;
    const std::string packets_ = folder_ / "traffic.pcap";
    const std::string first_ = folder_ / "identities-1.log";
    const std::string second_ = folder_ / "identities-2.log";
};

TEST_F(IdentitiesTest, StatedBeforeTheTrafficSplitItAtTheSecond) {
    const Bytes expected{{"alice", 303 + 600}, {"bob", 1797}};
    const std::string ordered = new_ledger("ordered.db");
    for (const std::string& file : {first_, second_, packets_}) import(ordered, file);
    EXPECT_EQ(packets_by_account(ordered), expected);
    const std::string reversed = new_ledger("reversed.db");
    for (const std::string& file : {second_, first_, packets_}) import(reversed, file);
    EXPECT_EQ(packets_by_account(reversed), expected) << "the order of the files is no matter";
    for (const std::string& ledger : {ordered, reversed}) {
        // The bucket of the change was split with the knowledge of now: no doubt.
        EXPECT_EQ(expect_nothing_to_rebook(ledger).at("unresolved_bytes"), 0);
        expect_sound(ledger);
    }
    // The same lines again are no new events.
    const auto events = [&] {
        const auto opened = SqliteLedger::open(ordered, {.mode = OpenMode::read_only});
        return (*opened)->newest_identity().value_or(0);
    };
    // The sixth statement repeats that alice has her MAC address, within six hours.
    EXPECT_EQ(events(), 5U);
    std::ofstream(second_, std::ios::app) << line(back, "alice", 1);
    import(ordered, second_);
    EXPECT_EQ(events(), 5U);
}

TEST_F(IdentitiesTest, StatedAfterTheTrafficMoveItByThemselves) {
    const std::string ledger = new_ledger("after.db");
    import(ledger, packets_);
    EXPECT_EQ(packets_by_account(ledger), (Bytes{{"@unattributed", 2700}}));
    import(ledger, second_);
    import(ledger, first_);
    // The bucket in which the holder changed stays, because its row has the volume of both.
    EXPECT_EQ(packets_by_account(ledger),
              (Bytes{{"@unattributed", 300}, {"alice", 300 + 600}, {"bob", 1500}}));
    const nlohmann::json rebooked = expect_nothing_to_rebook(ledger);
    std::uint64_t listed = 0;
    for (const nlohmann::json& row : rebooked.at("rows"))
        if (row.at("reason") == "the binding of 10.1.2.3 changes within five minutes")
            listed += row.at("bytes").get<std::uint64_t>();
    EXPECT_EQ(listed, 300 * packet_bytes) << rebooked;
    expect_sound(ledger);
}

TEST_F(IdentitiesTest, StatedInTheMiddleOfTheTrafficCorrectWhatFollows) {
    const std::string ledger = new_ledger("middle.db");
    for (const std::string& file : {first_, packets_}) import(ledger, file);
    EXPECT_EQ(packets_by_account(ledger), (Bytes{{"alice", 2700}}));
    import(ledger, second_);
    EXPECT_EQ(packets_by_account(ledger), (Bytes{{"alice", 300 + 300 + 600}, {"bob", 1500}}));
    expect_nothing_to_rebook(ledger);
    expect_sound(ledger);
}

// A binding that nobody has rebooked yet waits for `octroi rebook`.
TEST_F(IdentitiesTest, MoveOnlyWhatTheyConcern) {
    const std::string ledger = new_ledger("only.db");
    import(ledger, packets_);
    expect_ok(support::run(octroi(ledger, {"account", "add", "servers"})));
    expect_ok(support::run(octroi(ledger, {"bind", "198.51.100.1", "servers"})));
    import(ledger, first_);
    EXPECT_EQ(packets_by_account(ledger), (Bytes{{"alice", 2700}}));
}

TEST_F(IdentitiesTest, PeopleSeeWhoHeldAnAddressAndWhy) {
    const std::string ledger = new_ledger("who.db");
    for (const std::string& file : {first_, second_}) import(ledger, file);
    const auto who = [&](const std::string& at) {
        return json_of(ledger, {"who", "10.1.2.3", "--at", at}).at(0);
    };
    const nlohmann::json before = who("2026-01-01T12:00:02Z");
    EXPECT_EQ(before.at("account"), "alice");
    EXPECT_EQ(before.at("holder"), "mac 02:00:00:00:00:01, user alice");
    EXPECT_EQ(before.at("source"), "import-packet-log");
    EXPECT_EQ(who("2026-01-01T12:00:03Z").at("account"), "bob");
    const nlohmann::json rows = json_of(ledger, {"who", "10.1.2.3", "--history"});
    ASSERT_EQ(rows.size(), 5U) << rows;
    std::vector<std::string> holders;
    for (const nlohmann::json& row : rows)
        if (row.at("held") == "10.1.2.3") holders.push_back(row.at("holder"));
    EXPECT_EQ(holders, (std::vector<std::string>{"mac 02:00:00:00:00:01", "mac 02:00:00:00:00:02",
                                                 "mac 02:00:00:00:00:01"}));
}

TEST_F(IdentitiesTest, KillsChangeNothing) {
    const std::string ledger = new_ledger("killed.db");
    import(ledger, packets_);
    std::mt19937_64 random(20260101);
    for (const std::string& file : {second_, first_}) {
        int kills = 0;
        for (int runs = 0; kills < 15 && runs < 200; ++runs) {
            Process process(octroi(ledger, import_identities(file)));
            support::pass(std::chrono::microseconds(random() % 60'000));
            process.signal(SIGKILL);
            if (process.wait().status == 128 + SIGKILL) ++kills;
        }
        EXPECT_EQ(kills, 15);
        // The last one finishes what a killed one has left.
        import(ledger, file);
    }
    EXPECT_EQ(packets_by_account(ledger),
              (Bytes{{"@unattributed", 300}, {"alice", 300 + 600}, {"bob", 1500}}));
    expect_nothing_to_rebook(ledger);
    expect_sound(ledger);
}

}  // namespace
}  // namespace octroi
