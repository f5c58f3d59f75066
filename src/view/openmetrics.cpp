// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/openmetrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "view/text.hpp"

namespace octroi {
namespace {

constexpr std::string_view prefix = "octroi_";
constexpr std::string_view conventional_prefix = "process_";
constexpr std::string_view counter_suffix = "_total";
// A family with a name that ends in "_<unit>" states its unit: OpenMetrics 1.0, "UNIT".
constexpr std::array<std::string_view, 2> units = {"bytes", "seconds"};

bool is_counter(const CounterInfo& info) { return info.name.ends_with(counter_suffix); }

// The name of the family: that of a counter's samples without their suffix.
std::string family_name(const CounterInfo& info) {
    std::string name = metric_name(info);
    if (is_counter(info)) name.resize(name.size() - counter_suffix.size());
    return name;
}

// Label values and help texts have the same escapes. Octets that are not UTF-8 become U+FFFD: one
// such octet would make a scraper drop the whole answer.
void append_escaped(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const CodePoint c = decode_code_point(text);
        if (c.value == U'\\' || c.value == U'"') out += '\\';
        out += c.value == U'\n' ? std::string_view("\\n") : c.octets;
    }
}

void append_descriptors(std::string& out, const CounterInfo& info) {
    const std::string name = family_name(info);
    const auto at = std::back_inserter(out);
    fmt::format_to(at, "# TYPE {} {}\n", name, metric_type(info));
    for (const std::string_view unit : units)
        if (name.ends_with(fmt::format("_{}", unit)))
            fmt::format_to(at, "# UNIT {} {}\n", name, unit);
    fmt::format_to(at, "# HELP {} ", name);
    append_escaped(out, info.help);
    out += '\n';
}

void append_sample(std::string& out, const std::string& name, const MetricSample& sample) {
    out += name;
    char before = '{';
    for (const MetricLabel& label : sample.labels) {
        fmt::format_to(std::back_inserter(out), "{}{}=\"", before, label.name);
        append_escaped(out, label.value);
        out += '"';
        before = ',';
    }
    if (!sample.labels.empty()) out += '}';
    fmt::format_to(std::back_inserter(out), " {}\n", sample.value);
}

constexpr std::string_view meter_label = "meter";

CounterRow row_of(const CounterInfo& info, const MetricSample& sample) {
    CounterRow row{"", std::string(info.name), "", sample.value};
    for (const MetricLabel& label : sample.labels) {
        if (label.name == meter_label)
            row.meter = label.value;
        else
            row.labels +=
                fmt::format("{}{}={}", row.labels.empty() ? "" : ", ", label.name, label.value);
    }
    return row;
}

}  // namespace

std::string metric_name(const CounterInfo& info) {
    return info.name.starts_with(conventional_prefix) ? std::string(info.name)
                                                      : fmt::format("{}{}", prefix, info.name);
}

std::string_view metric_type(const CounterInfo& info) {
    return is_counter(info) ? "counter" : "gauge";
}

std::string openmetrics_text(std::span<const MetricFamily> families) {
    std::string out;
    for (const MetricFamily& family : families) {
        if (family.samples.empty()) continue;
        append_descriptors(out, family.info);
        const std::string name = metric_name(family.info);
        for (const MetricSample& sample : family.samples) append_sample(out, name, sample);
    }
    out += "# EOF\n";
    return out;
}

std::vector<CounterRow> counter_rows(std::span<const MetricFamily> families) {
    std::vector<CounterRow> rows;
    for (const MetricFamily& family : families)
        for (const MetricSample& sample : family.samples)
            rows.push_back(row_of(family.info, sample));
    return rows;
}

Report counters_report(std::vector<CounterRow> rows, Audience audience) {
    std::ranges::stable_sort(rows, [](const CounterRow& a, const CounterRow& b) {
        return std::pair(a.meter.empty(), std::string_view(a.meter)) <
               std::pair(b.meter.empty(), std::string_view(b.meter));
    });
    Report report;
    report.columns = {{"meter", "Meter"},
                      {"counter", "Counter"},
                      {"labels", "Labels", ColumnKind::text, Audience::everyone, 1},
                      {"value", "Value", ColumnKind::count}};
    for (CounterRow& row : rows) {
        if (audience == Audience::people && row.value == 0) continue;
        report.rows.push_back(
            {{row.meter.empty() ? Cell{} : Cell{std::move(row.meter)}, std::move(row.counter),
              row.labels.empty() ? Cell{} : Cell{std::move(row.labels)}, row.value}});
    }
    report.notes = {
        "Values of 0 are not shown; docs/counters.md says "
        "what each counts."};
    return report;
}

}  // namespace octroi
