// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/openmetrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "support/golden.hpp"
#include "view/row_stream.hpp"
#include "view/table.hpp"

namespace octroi {
namespace {

const std::array families{
    MetricFamily{{"capture_frames_total", "Frames received."},
                 {{{{"meter", "uplink"}}, std::uint64_t{18'446'744'073'709'551'615U}},
                  {{{"meter", "lan"}}, std::uint64_t{0}}}},
    MetricFamily{{"capture_frame_bytes_total", "Their length on the wire."},
                 {{{{"meter", "uplink"}}, std::uint64_t{1500}}}},
    MetricFamily{{"capture_flows_live", "Flows held at the moment."},
                 {{{{"meter", "uplink"}}, std::uint64_t{7}}}},
    MetricFamily{{"losses_total", "Losses, with \"quotes\", a \\ and\na second line."},
                 {{{{"meter", "uplink"}, {"reason", "kernel_drop"}}, std::uint64_t{3}}}},
    MetricFamily{{"never_seen_total", "Has no series."}, {}},
    MetricFamily{{"process_start_time_seconds", "When the process began."},
                 {{{}, std::uint64_t{1764345600}}}},
};

TEST(OpenMetrics, IsAsTheStandardHasIt) {
    EXPECT_EQ(openmetrics_text(families),
              "# TYPE octroi_capture_frames counter\n"
              "# HELP octroi_capture_frames Frames received.\n"
              "octroi_capture_frames_total{meter=\"uplink\"} 18446744073709551615\n"
              "octroi_capture_frames_total{meter=\"lan\"} 0\n"
              "# TYPE octroi_capture_frame_bytes counter\n"
              "# UNIT octroi_capture_frame_bytes bytes\n"
              "# HELP octroi_capture_frame_bytes Their length on the wire.\n"
              "octroi_capture_frame_bytes_total{meter=\"uplink\"} 1500\n"
              "# TYPE octroi_capture_flows_live gauge\n"
              "# HELP octroi_capture_flows_live Flows held at the moment.\n"
              "octroi_capture_flows_live{meter=\"uplink\"} 7\n"
              "# TYPE octroi_losses counter\n"
              "# HELP octroi_losses Losses, with \\\"quotes\\\", a \\\\ and\\na second line.\n"
              "octroi_losses_total{meter=\"uplink\",reason=\"kernel_drop\"} 3\n"
              "# TYPE process_start_time_seconds gauge\n"
              "# UNIT process_start_time_seconds seconds\n"
              "# HELP process_start_time_seconds When the process began.\n"
              "process_start_time_seconds 1764345600\n"
              "# EOF\n");
}

TEST(OpenMetrics, EscapesLabelValuesAndKeepsThemUtf8) {
    const std::array odd{MetricFamily{{"a_total", "H."},
                                      {{{{"meter", "a\"b\\c\nd\xff\xc3\xa4"}}, std::uint64_t{1}}}}};
    EXPECT_THAT(
        openmetrics_text(odd),
        ::testing::HasSubstr("octroi_a_total{meter=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\xc3\xa4\"} "
                             "1\n"));
}

TEST(OpenMetrics, NothingAtAllIsAnAnswerToo) { EXPECT_EQ(openmetrics_text({}), "# EOF\n"); }

TEST(CountersReport, PeopleSeeWhatIsNotZeroMachinesAll) {
    std::string table;
    const auto people = counters_report(counter_rows(families), Audience::people);
    ASSERT_TRUE(write_table(people, {.width = 80}, [&](std::string_view text) -> Status {
                    table += text;
                    return {};
                }).has_value());
    support::expect_golden("view/counter_values.txt", table);
    std::string rows;
    const auto machines = counters_report(counter_rows(families), Audience::machines);
    ASSERT_TRUE(
        write_machine(machines, MachineFormat::ndjson, [&](std::string_view text) -> Status {
            rows += text;
            return {};
        }).has_value());
    support::expect_golden("view/counter_values.ndjson", rows);
}

}  // namespace
}  // namespace octroi
