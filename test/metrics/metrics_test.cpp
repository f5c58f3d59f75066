// SPDX-License-Identifier: GPL-3.0-or-later
// The pages of `[metrics] listen`, as curl gets them from a running daemon.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "metered_daemon.hpp"
#include "support/paced_sender.hpp"

namespace octroi::metrics {
namespace {

using ::testing::IsEmpty;
using ::testing::StartsWith;

class Metrics : public ::testing::Test {
protected:
    void SetUp() override {
        if (!support::has_curl()) GTEST_SKIP() << "curl is not installed";
    }
};

constexpr const char* openmetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
constexpr const char* plain = "text/plain; charset=utf-8";

TEST_F(Metrics, AreServedAsOpenMetricsText) {
    MeteredDaemon daemon;
    daemon.send();
    ASSERT_TRUE(daemon.has_committed_all());
    const Page page = daemon.get("/metrics");
    EXPECT_EQ(page.status, "200");
    EXPECT_EQ(page.header("content-type"), openmetrics);
    EXPECT_EQ(page.header("content-length"), std::to_string(page.body.size()));
    EXPECT_EQ(page.header("cache-control"), "no-store");
    const support::MetricsText text(page.body);
    EXPECT_THAT(text.errors(), IsEmpty());
    EXPECT_GT(text.series().size(), 50U);
}

TEST_F(Metrics, HealthChecksAreOneLineOfText) {
    const MeteredDaemon daemon;
    const bool is_ready = support::wait_until([&] { return daemon.get("/readyz").status == "200"; },
                                              RunningDaemon::patience);
    EXPECT_TRUE(is_ready) << daemon.get("/readyz").body;
    for (const auto& [path, body] : {std::pair("/readyz", "ready\n"), {"/healthz", "healthy\n"}}) {
        const Page page = daemon.get(path);
        EXPECT_EQ(page.status, "200");
        EXPECT_EQ(page.body, body);
        EXPECT_EQ(page.header("content-type"), plain);
    }
}

TEST_F(Metrics, OtherMethodsAndPathsAreRefused) {
    const MeteredDaemon daemon;
    for (const char* path : {"/metrics", "/healthz"}) {
        const Page head = daemon.get(path, {"--head"});
        EXPECT_EQ(head.status, "200");
        EXPECT_GT(std::stoi(head.header("content-length")), 5);
        EXPECT_EQ(head.body.find("# EOF"), std::string::npos);
    }
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "get"}) {
        const Page page = daemon.get("/metrics", {"--request", method});
        EXPECT_EQ(page.status, "405") << method;
        EXPECT_EQ(page.header("allow"), "GET, HEAD");
        EXPECT_EQ(page.header("content-type"), plain);
    }
    EXPECT_EQ(daemon.get("/metrics", {"--data", "x=1"}).status, "413");
    for (const char* path : {"/", "/metrics/", "/../metrics", "/Metrics", "/metrics%00"})
        EXPECT_EQ(daemon.get(path).status, "404") << path;
    EXPECT_EQ(daemon.get("/metrics?x=1").status, "200");
    EXPECT_EQ(daemon.get("/metrics", {"--http1.0"}).status, "200");
}

TEST_F(Metrics, NeverNameAnAddress) {
    MeteredDaemon daemon(support::Sections{{"ledger", "commit_interval = \"1s\"\n"}});
    support::PacedSender unknown(daemon.socket().descriptor(), INADDR_LOOPBACK + 9,
                                 daemon.socket().port());
    EXPECT_TRUE(unknown.send("no flow export"));
    daemon.send();
    ASSERT_TRUE(daemon.has_committed_all());
    const std::string page = daemon.get("/metrics").body;
    EXPECT_THAT(support::MetricsText(page).addresses(), IsEmpty());
    // The senders, and the networks of the flows.
    for (const char* text : {"127.0.0.", "10.0.", "198.51.100."})
        EXPECT_EQ(page.find(text), std::string::npos) << text;
}

// The rows of `octroi meters --counters`, by the name and labels that they have as metrics.
std::map<std::pair<std::string, support::MetricsText::Labels>, std::uint64_t> counter_rows(
    const MeteredDaemon& daemon) {
    const support::Ended ended = daemon.command({"--json", "meters", "--counters"});
    EXPECT_EQ(ended.status, 0) << ended.err;
    std::map<std::pair<std::string, support::MetricsText::Labels>, std::uint64_t> rows;
    const json answer = json::parse(ended.out, nullptr, false);
    for (const json& row : answer) {
        support::MetricsText::Labels labels;
        if (row.contains("meter")) labels["meter"] = row["meter"];
        std::istringstream others(row.value("labels", ""));
        for (std::string label; std::getline(others >> std::ws, label, ',');)
            labels[label.substr(0, label.find('='))] = label.substr(label.find('=') + 1);
        rows[{"octroi_" + row["counter"].get<std::string>(), labels}] = row["value"];
    }
    return rows;
}

TEST_F(Metrics, EqualTheCountersOfTheCommandAndTheLedger) {
    MeteredDaemon daemon;
    for (int i = 0; i < 40; ++i) daemon.send();
    daemon.expect_everything_in_ledger();
    const support::MetricsText before = daemon.metrics();
    const auto rows = counter_rows(daemon);
    const support::MetricsText after = daemon.metrics();
    std::size_t compared = 0;
    for (const auto& series : before.series()) {
        // These are in /metrics only.
        if (!series.name.starts_with("octroi_") || series.name.starts_with("octroi_metrics_"))
            continue;
        const auto row = rows.find({series.name, series.labels});
        ASSERT_NE(row, rows.end()) << series.name;
        ++compared;
        // What time alone changes lies between the two scrapes.
        if (series.name == "octroi_last_commit_age_seconds") continue;
        EXPECT_GE(row->second, *before.value(series.name, series.labels)) << series.name;
        EXPECT_LE(row->second, *after.value(series.name, series.labels)) << series.name;
    }
    EXPECT_EQ(compared, rows.size());
    EXPECT_EQ(daemon.value("octroi_collector_datagrams_total"), 40U);
    EXPECT_EQ(daemon.value("octroi_collector_decoded_total"), 1000U);
    EXPECT_EQ(daemon.value("octroi_committed_packets_total"), daemon.sent().packets);
}

// Keeps all others from writing to a ledger.
class LedgerLock {
public:
    explicit LedgerLock(const std::string& path) {
        EXPECT_EQ(sqlite3_open(path.c_str(), &database_), SQLITE_OK);
        sqlite3_busy_timeout(database_, 10'000);
        EXPECT_EQ(sqlite3_exec(database_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
    }
    ~LedgerLock() { sqlite3_close(database_); }
    LedgerLock(const LedgerLock&) = delete;
    LedgerLock& operator=(const LedgerLock&) = delete;

private:
    sqlite3* database_ = nullptr;
};

TEST_F(Metrics, AreNotReadyWhileCommitsFail) {
    MeteredDaemon daemon(
        support::Sections{{"ledger", "commit_interval = \"1s\"\nbusy_timeout = \"1s\"\n"}});
    const auto has_status = [&](const char* status) {
        return support::wait_until([&] { return daemon.get("/readyz").status == status; },
                                   RunningDaemon::patience);
    };
    EXPECT_TRUE(has_status("200"));
    {
        const LedgerLock lock(daemon.ledger());
        daemon.send();
        EXPECT_TRUE(has_status("503"));
        const Page page = daemon.get("/readyz");
        EXPECT_THAT(page.body, StartsWith("the last commit failed: "));
        EXPECT_EQ(page.body.find('\n'), page.body.size() - 1);
        EXPECT_EQ(page.header("content-type"), plain);
        EXPECT_EQ(daemon.get("/healthz").status, "200");
        EXPECT_GT(daemon.metrics().value("octroi_commit_failures_total", {}), 0U);
    }
    EXPECT_TRUE(has_status("200"));
    daemon.expect_everything_in_ledger();
}

TEST_F(Metrics, CountReloads) {
    MeteredDaemon daemon;
    const auto value = [&](const char* name) { return *daemon.metrics().value(name, {}); };
    const std::uint64_t loaded = value("octroi_config_loaded_time_seconds");
    EXPECT_NEAR(static_cast<double>(loaded), static_cast<double>(::time(nullptr)), 60.0);
    support::pass(std::chrono::milliseconds(1100));
    daemon.write({{"ledger", "commit_interval = 1 second\n"}});
    EXPECT_EQ(daemon.command({"reload"}).status, 1);
    EXPECT_EQ(value("octroi_reloads_total"), 0U);
    EXPECT_EQ(value("octroi_reloads_refused_total"), 1U);
    EXPECT_EQ(value("octroi_config_loaded_time_seconds"), loaded);
    daemon.write({});
    EXPECT_THAT(daemon.reload(), IsEmpty());
    daemon.process().signal(SIGHUP);
    EXPECT_TRUE(support::wait_until([&] { return value("octroi_reloads_total") == 2; },
                                    RunningDaemon::patience));
    EXPECT_EQ(value("octroi_reloads_refused_total"), 1U);
    EXPECT_GT(value("octroi_config_loaded_time_seconds"), loaded);
    const auto rows = counter_rows(daemon);
    EXPECT_EQ(rows.at({"octroi_reloads_total", {}}), 2U);
    EXPECT_EQ(rows.at({"octroi_reloads_refused_total", {}}), 1U);
}

TEST_F(Metrics, APortInUseIsAnError) {
    const auto other = listen_tcp(Address::v4(INADDR_LOOPBACK), 0);
    ASSERT_TRUE(other.has_value());
    const support::Folder folder;
    std::ofstream(folder / "octroi.toml")
        << "[metrics]\nlisten = \"127.0.0.1:" << (*other)->port() << "\"\n"
        << RunningDaemon::flows_meter;
    const support::Ended ended = support::run(support::octroi(
        folder / "ledger.db", {"--config", folder / "octroi.toml", "run", "--for", "2s"}));
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.err, ::testing::HasSubstr("is in use by another program"));
}

}  // namespace
}  // namespace octroi::metrics
