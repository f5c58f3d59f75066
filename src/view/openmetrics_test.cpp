// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/openmetrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "record/utf8.hpp"
#include "support/golden.hpp"
#include "support/openmetrics_checker.hpp"
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

// What a meter's name in the configuration may be, and worse.
TEST(OpenMetrics, IsWellFormedWhateverTheLabelsHold) {
    std::vector<MetricSample> samples;
    std::string every_octet;
    for (int octet = 0; octet < 256; ++octet) every_octet += static_cast<char>(octet);
    const std::vector<std::string> hostile{"",
                                           "\"",
                                           "\\",
                                           "\\\"",
                                           "\\n",
                                           "\n",
                                           "\r",
                                           "} 1\n# EOF\n",
                                           "a\",b=\"c",
                                           "\xc3",
                                           "\xff\xfe",
                                           "\xed\xa0\x80",
                                           "\xf4\x90\x80\x80",
                                           std::string(1, '\0'),
                                           every_octet,
                                           "# EOF",
                                           "\xe2\x80\xa8"};
    for (const std::string& text : hostile)
        samples.push_back({{{"meter", text}, {"reason", text}}, samples.size()});
    const std::array all{MetricFamily{{"a_total", "A \"help\" with \\ and\nmore."}, samples},
                         MetricFamily{{"b_bytes", "B."}, {{{}, 7}}}};
    const support::MetricsText read(openmetrics_text(all));
    EXPECT_THAT(read.errors(), ::testing::IsEmpty());
    ASSERT_EQ(read.series().size(), samples.size() + 1);
    for (std::size_t i = 0; i < hostile.size(); ++i) {
        const std::string& value = read.series()[i].labels.at("meter");
        EXPECT_EQ(read.series()[i].value, std::to_string(i));
        EXPECT_TRUE(value == hostile[i] || !is_utf8(hostile[i])) << hostile[i];
    }
}

TEST(OpenMetrics, TheCheckerFindsWhatIsWrong) {
    const std::string good = "# TYPE a counter\n# HELP a A.\na_total 1\n";
    const auto errors = [](const std::string& text) {
        return support::MetricsText(text).errors().size();
    };
    EXPECT_EQ(errors(good + "# EOF\n"), 0U);
    for (const std::string& wrong : {
             good,
             good + "# EOF",
             good + "# EOF\n# EOF\n",
             good + "a_total 1\n# EOF\n",
             good + "a_total{m=\"\"} x\n# EOF\n",
             good + "a_total{m=\"\"} 1 1\n# EOF\n",
             good + "a_total{m=\"\"}  1\n# EOF\n",
             good + "a_total{m=\"\"} -1\n# EOF\n",
             good + "a_total{m=\"\"} NaN\n# EOF\n",
             good + "a{m=\"\"} 1\n# EOF\n",
             good + "a_total{m=\"\",m=\"\"} 1\n# EOF\n",
             good + "a_total{m=\"\\t\"} 1\n# EOF\n",
             good + "a_total{m=\"\"\"} 1\n# EOF\n",
             good + "a_total{m=\"\",} 1\n# EOF\n",
             good + "a_total{1m=\"\"} 1\n# EOF\n",
             good + "a_total{m=\"\xff\"} 1\n# EOF\n",
             good + "\n# EOF\n",
             good + "# EOF \n",
             good + "# TYPE b gauge\n# HELP b B.\nb 1\na_total{m=\"\"} 1\n# EOF\n",
             good + "# TYPE b gauge\n# HELP b B.\nb 1\n" + good + "# EOF\n",
             std::string("# HELP a A.\na_total 1\n# EOF\n"),
             std::string("# TYPE a counter\na_total 1\n# EOF\n"),
             std::string("# TYPE a counter\n# HELP a A.\n# EOF\n"),
             std::string("# TYPE a counter\na_total 1\n# HELP a A.\n# EOF\n"),
             std::string("# TYPE a counter\n# HELP a \"A\".\na_total 1\n# EOF\n"),
             std::string("# TYPE a_total counter\n# HELP a_total A.\na_total 1\n# EOF\n"),
             std::string("# TYPE a_bytes gauge\n# HELP a_bytes A.\na_bytes 1\n# EOF\n"),
             std::string("# TYPE a gauge\n# UNIT a bytes\n# HELP a A.\na 1\n# EOF\n"),
             std::string("a_total 1\n# EOF\n"),
         })
        EXPECT_GT(errors(wrong), 0U) << wrong;
    const support::MetricsText addresses(
        "# TYPE a gauge\n# HELP a A.\na{m=\"192.0.2.1\"} 1\na{m=\"2001:db8::/32\"} 1\n# EOF\n");
    EXPECT_EQ(addresses.addresses().size(), 2U);
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
