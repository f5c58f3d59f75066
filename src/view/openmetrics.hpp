// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Counters as OpenMetrics text, version 1.0 (the format that Prometheus and others read), and as
// rows for people and scripts.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "record/counter.hpp"
#include "record/report.hpp"

namespace octroi {

// Names are constants of the code; values are few: the name of a meter, a reason, never an address
// or anything else that traffic could choose.
struct MetricLabel {
    std::string_view name;
    std::string value;
};

struct MetricSample {
    std::vector<MetricLabel> labels;
    std::uint64_t value = 0;
};

// One counter or gauge with all its series. No two samples have the same labels.
struct MetricFamily {
    CounterInfo info;
    std::vector<MetricSample> samples;
};

inline constexpr std::string_view openmetrics_content_type =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

// "octroi_capture_frames_total": the name under which a scraper sees the counter. Names that begin
// with "process_" are conventional and stay as they are.
[[nodiscard]] std::string metric_name(const CounterInfo& info);
// "counter" where the name ends in _total, else "gauge".
[[nodiscard]] std::string_view metric_type(const CounterInfo& info);

// Families must have different names; those without samples are left out.
[[nodiscard]] std::string openmetrics_text(std::span<const MetricFamily> families);

// One sample as `octroi meters --counters` prints it.
struct CounterRow {
    std::string meter;    // empty: of the whole daemon
    std::string counter;  // CounterInfo::name
    std::string labels;   // the other labels: "reason=no_template"; may be empty
    std::uint64_t value = 0;
};
[[nodiscard]] std::vector<CounterRow> counter_rows(std::span<const MetricFamily> families);
// Rows of one meter stand together, those of the daemon last. People do not see values of 0.
[[nodiscard]] Report counters_report(std::vector<CounterRow> rows, Audience audience);

}  // namespace octroi
