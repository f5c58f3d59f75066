// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/counters_request.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "host/testing/folder.hpp"
#include "service/meter_kinds.hpp"

namespace octroi {
namespace {

// A daemon's control socket that is served while the object lives.
class Served {
public:
    Served(const std::string& ledger, const std::function<void(ControlServer&)>& prepare) {
        auto control = ControlServer::open(ledger, clock_);
        EXPECT_TRUE(control.has_value()) << control.error().text;
        control_ = *std::move(control);
        prepare(*control_);
        thread_ = std::jthread([this](const std::stop_token& stop) {
            while (!stop.stop_requested()) control_->step();
        });
    }

private:
    SystemClock clock_;
    std::unique_ptr<ControlServer> control_;
    std::jthread thread_;
};

TEST(CountersRequest, GivesTheCountersOfTheDaemon) {
    const testing::Folder folder;
    const SystemClock clock;
    CounterBoard board;
    board.begin({{"uplink", "capture", MeterRole::bill}}, clock.uptime());
    board.publish(0, {{"capture_frames_total", 12}});
    const MetricsSources sources{board, clock, meter_kinds(), "1.2.3", "", Duration::minutes(1)};
    const std::string ledger = folder.file("l.db");
    const Served served(ledger,
                        [&](ControlServer& control) { add_counters_request(control, sources); });
    const auto rows = ask_counters(ledger);
    ASSERT_TRUE(rows.has_value()) << rows.error().text;
    const auto frames = std::ranges::find(*rows, "capture_frames_total", &CounterRow::counter);
    ASSERT_NE(frames, rows->end());
    EXPECT_EQ(frames->meter, "uplink");
    EXPECT_EQ(frames->value, 12U);
    const auto loss = std::ranges::find(*rows, "losses_total", &CounterRow::counter);
    ASSERT_NE(loss, rows->end());
    EXPECT_EQ(loss->labels, "reason=kernel-drop");
}

TEST(CountersRequest, AnAnswerOfAnotherVersionIsAnError) {
    const testing::Folder folder;
    const std::string ledger = folder.file("l.db");
    for (const auto& answer :
         {nlohmann::json::array(), nlohmann::json{{"counters", {{{"meter", 1}}}}},
          nlohmann::json{{"counters", {7}}}}) {
        const Served served(ledger, [&](ControlServer& control) {
            control.add_request("counters", [&](const nlohmann::json&) -> Result<nlohmann::json> {
                return answer;
            });
        });
        const auto rows = ask_counters(ledger);
        ASSERT_FALSE(rows.has_value());
        EXPECT_EQ(rows.error().code, ErrorCode::corrupt);
    }
}

TEST(CountersRequest, WithoutADaemonItSaysSo) {
    const testing::Folder folder;
    const auto rows = ask_counters(folder.file("l.db"));
    ASSERT_FALSE(rows.has_value());
    EXPECT_EQ(rows.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace octroi
