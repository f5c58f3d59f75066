// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/metrics_listener.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "service/health.hpp"
#include "service/meter_kinds.hpp"

namespace octroi {
namespace {

using ::testing::EndsWith;

class SetClock final : public Clock {
public:
    [[nodiscard]] UtcTime now() const override { return {}; }
    [[nodiscard]] Duration uptime() const override { return time; }
    Duration time = Duration::seconds(1000);
};

Batch batch_with_loss() {
    Batch batch;
    batch.transfers.resize(3);
    batch.parties = {{PartyKind::outside, "world", ""}, {PartyKind::excluded, "duplicate", ""}};
    batch.transfers[2] = {.from = 1, .to = 1, .volume = {Bytes{500}, Packets{1}, Flows{1}}};
    batch.observed = {Bytes{1500}, Packets{2}, Flows{1}};
    batch.losses = {{"eth0", LossReason::kernel_drop, {}, 7, std::nullopt},
                    {"eth0", LossReason::kernel_drop, {}, std::nullopt, std::nullopt}};
    return batch;
}

class MetricsTest : public ::testing::Test {
protected:
    void begin() {
        board_.begin(
            {{"uplink", "capture", MeterRole::bill}, {"routers", "collector", MeterRole::witness}},
            clock_.time);
    }
    void commit(std::size_t meter, const Batch& batch) {
        board_.on_hand_over(meter);
        board_.on_committed(meter, batch, clock_.time);
    }
    HttpResponse get(const std::string& path, const std::string& method = "GET") {
        return metrics_page({.method = method, .path = path, .headers = {}, .body = {}, .peer = {}},
                            sources_, {});
    }
    std::string stalled() {
        return stalled_reason(board_.snapshot(), clock_.time, sources_.stalled_after);
    }
    void all_move() {
        board_.on_progress(clock_.time);
        for (const std::size_t meter : {0U, 1U}) board_.on_meter_progress(meter, clock_.time);
    }

    SetClock clock_;
    CounterBoard board_;
    MetricsSources sources_{
        board_, clock_, meter_kinds(), "1.2.3", "/nowhere/ledger.db", Duration::minutes(1)};
};

TEST_F(MetricsTest, ShowWhatWasCommittedAndPublished) {
    begin();
    board_.publish(0, {{"capture_frames_total", 12}, {"attribute_readings_total", 5}});
    commit(0, batch_with_loss());
    board_.on_hand_over(1);
    clock_.time = clock_.time + Duration::seconds(5);
    const HttpResponse page = get("/metrics");
    EXPECT_EQ(page.status, 200U);
    EXPECT_EQ(page.headers[0].value, openmetrics_content_type);
    for (const char* line :
         {"octroi_meter_info{meter=\"routers\",kind=\"collector\",role=\"witness\"} 1\n",
          "octroi_capture_frames_total{meter=\"uplink\"} 12\n",
          "octroi_attribute_readings_total{meter=\"uplink\"} 5\n",
          "octroi_commits_total{meter=\"uplink\"} 1\n",
          "octroi_commits_total{meter=\"routers\"} 0\n",
          "octroi_committed_rows_total{meter=\"uplink\"} 3\n",
          "octroi_committed_bytes_total{meter=\"uplink\"} 1500\n",
          "octroi_excluded_bytes_total{meter=\"uplink\"} 500\n",
          "octroi_excluded_packets_total{meter=\"uplink\"} 1\n",
          "octroi_losses_total{meter=\"uplink\",reason=\"kernel-drop\"} 2\n",
          "octroi_lost_packets_total{meter=\"uplink\",reason=\"kernel-drop\"} 7\n",
          "octroi_losses_total{meter=\"routers\",reason=\"export-gap\"} 0\n",
          "octroi_last_commit_age_seconds{meter=\"uplink\"} 5\n",
          "octroi_batches_waiting{meter=\"uplink\"} 0\n",
          "octroi_batches_waiting{meter=\"routers\"} 1\n",
          "octroi_build_info{version=\"1.2.3\"} 1\n", "process_start_time_seconds "})
        EXPECT_NE(page.body.find(line), std::string::npos) << line;
    EXPECT_THAT(page.body, EndsWith("\n# EOF\n"));
    // Not known is absent, not 0.
    for (const char* name : {"octroi_ledger_bytes", "last_commit_age_seconds{meter=\"routers\"}"})
        EXPECT_EQ(page.body.find(name), std::string::npos) << name;
}

TEST_F(MetricsTest, HaveNamesThatTheStandardAllowsEachOnce) {
    std::set<std::string> names;
    for (const CounterChapter& chapter : counter_chapters(meter_kinds())) {
        for (const CounterInfo& info : chapter.counters) {
            EXPECT_TRUE(names.insert(metric_name(info)).second) << info.name;
            EXPECT_EQ(info.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"),
                      std::string_view::npos)
                << info.name;
            EXPECT_FALSE(info.help.empty()) << info.name;
        }
    }
}

TEST_F(MetricsTest, OnlyThreePagesAndTwoMethodsAreServed) {
    EXPECT_EQ(get("/metrics", "HEAD").status, 200U);
    for (const char* path : {"/", "", "/metrics/", "//metrics", "/METRICS", "/metrics%00",
                             "/x/../metrics", "/%6detrics"})
        EXPECT_EQ(get(path).status, 404U) << path;
    for (const char* method : {"POST", "PUT", "DELETE", "get", "OPTIONS", "X"}) {
        const HttpResponse page = get("/metrics", method);
        EXPECT_EQ(page.status, 405U) << method;
        EXPECT_EQ(page.headers.back().name, "Allow");
    }
}

TEST_F(MetricsTest, ReadyOnceTheMetersAreOpenAndACommitSucceeded) {
    EXPECT_EQ(get("/readyz").status, 503U);
    EXPECT_EQ(get("/readyz").body, "the meters are not open yet\n");
    begin();
    EXPECT_EQ(get("/readyz").body, "no batch has been committed yet\n");
    commit(0, {});
    EXPECT_EQ(get("/readyz").status, 200U);
    EXPECT_EQ(get("/readyz").body, "ready\n");
    board_.on_commit_failed("ledger /x: no space\nleft");
    EXPECT_EQ(get("/readyz").status, 503U);
    EXPECT_EQ(get("/readyz").body, "the last commit failed: ledger /x: no space left\n");
    commit(0, {});
    EXPECT_EQ(get("/readyz").status, 200U);
    board_.end();
    EXPECT_EQ(get("/readyz").body, "the daemon is stopping\n");
}

TEST_F(MetricsTest, HealthyWhileAllThreadsMove) {
    EXPECT_EQ(get("/healthz").status, 200U);  // meters are being opened
    begin();
    clock_.time = clock_.time + Duration::seconds(61);
    EXPECT_EQ(get("/healthz").status, 503U);
    EXPECT_EQ(get("/healthz").body, "the committing thread has made no progress for 61 s\n");
    all_move();
    EXPECT_EQ(get("/healthz").status, 200U);
    clock_.time = clock_.time + Duration::seconds(61);
    board_.on_progress(clock_.time);
    board_.on_meter_progress(0, clock_.time);
    EXPECT_EQ(stalled(), "meter routers has made no progress for 61 s");
}

TEST_F(MetricsTest, AMeterThatDoesNotRunIsReportedAndNoReasonToRestart) {
    begin();
    commit(0, {});
    board_.on_finished(1);
    board_.on_meter_failed(1, "interface eth9 does not exist", clock_.time);
    clock_.time = clock_.time + Duration::seconds(90);
    board_.on_progress(clock_.time);
    board_.on_meter_progress(0, clock_.time);
    board_.on_meter_failed(1, "interface eth9 does not exist", clock_.time);
    EXPECT_EQ(get("/healthz").status, 200U);
    EXPECT_EQ(get("/readyz").status, 503U);
    EXPECT_EQ(get("/readyz").body, "meter routers does not run: interface eth9 does not exist\n");
    const auto has = [&](const std::string& line) {
        return get("/metrics").body.contains("octroi_" + line + "\n");
    };
    EXPECT_TRUE(has("meter_up{meter=\"uplink\"} 1"));
    EXPECT_TRUE(has("meter_up{meter=\"routers\"} 0"));
    EXPECT_TRUE(has("meter_failures_total{meter=\"routers\"} 2"));
    EXPECT_TRUE(has("meter_down_seconds_total{meter=\"routers\"} 90"));
    board_.on_reopened(1, clock_.time);
    clock_.time = clock_.time + Duration::seconds(10);
    EXPECT_EQ(get("/readyz").status, 200U);
    EXPECT_TRUE(has("meter_up{meter=\"routers\"} 1"));
    EXPECT_TRUE(has("meter_down_seconds_total{meter=\"routers\"} 90"));
}

TEST_F(MetricsTest, AFullDiskIsNoReasonToRestart) {
    begin();
    board_.on_hand_over(1);
    clock_.time = clock_.time + Duration::hours(1);
    board_.on_progress(clock_.time);
    board_.on_meter_progress(0, clock_.time);
    board_.on_commit_failed("no space");
    EXPECT_EQ(stalled(), "");
    EXPECT_EQ(get("/readyz").status, 503U);
    board_.on_committed(1, {}, clock_.time);
    EXPECT_NE(stalled(), "");
    board_.on_finished(1);
    EXPECT_EQ(stalled(), "");
}

}  // namespace
}  // namespace octroi
