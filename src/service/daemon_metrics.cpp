// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/daemon_metrics.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "attribute/attributor.hpp"
#include "base/check.hpp"
#include "host/log.hpp"
#include "host/log_limit.hpp"

namespace octroi {
namespace {

constexpr std::int64_t second = 1'000'000'000;

// Families by the tables above: a sample goes to the row with its name, and has the labels that the
// row states, in their order.
class Families {
public:
    explicit Families(std::span<const CounterInfo> table) {
        for (const CounterInfo& info : table) families_.push_back({info, {}});
    }
    void add(std::string_view name, std::uint64_t value, std::vector<MetricLabel> labels = {}) {
        const auto family =
            std::ranges::find(families_, name, [](const MetricFamily& f) { return f.info.name; });
        CHECK(family != families_.end());
        family->samples.push_back({std::move(labels), value});
    }
    void append_to(std::vector<MetricFamily>& out) {
        std::ranges::move(families_, std::back_inserter(out));
    }

private:
    std::vector<MetricFamily> families_;
};

MetricLabel label_of(const MeterCounters& meter) { return {"meter", meter.name.name}; }

// Series of all reasons from the beginning: a rate over one that only appears with its first loss
// would not show that loss.
void add_losses(Families& families, const MeterCounters& meter) {
    for (int number = 1; number <= static_cast<int>(last_loss_reason); ++number) {
        const auto reason = static_cast<LossReason>(number);
        const auto known = meter.losses.find(reason);
        const auto losses = known == meter.losses.end() ? MeterCounters::Losses{} : known->second;
        const std::vector<MetricLabel> labels{label_of(meter), {"reason", to_string(reason)}};
        families.add("losses_total", losses.count, labels);
        families.add("lost_packets_total", losses.packets, labels);
    }
}

void add_commits(Families& families, const MeterCounters& meter, Duration uptime) {
    const std::vector<MetricLabel> labels{label_of(meter)};
    families.add("meter_info", 1,
                 {label_of(meter),
                  {"kind", meter.name.kind},
                  {"role", meter.name.role == MeterRole::bill ? "bill" : "witness"}});
    const Duration down =
        meter.down + (meter.failed_since ? uptime - *meter.failed_since : Duration{});
    families.add("meter_up", meter.failure.empty() ? 1 : 0, labels);
    families.add("meter_failures_total", meter.failures, labels);
    families.add("meter_down_seconds_total", static_cast<std::uint64_t>(down.ns / second), labels);
    families.add("commits_total", meter.commits, labels);
    families.add("committed_rows_total", meter.rows, labels);
    families.add("committed_bytes_total", meter.observed.bytes.value(), labels);
    families.add("committed_packets_total", meter.observed.packets.value(), labels);
    families.add("excluded_bytes_total", meter.excluded.bytes.value(), labels);
    families.add("excluded_packets_total", meter.excluded.packets.value(), labels);
    add_losses(families, meter);
    if (meter.last_commit)
        families.add("last_commit_age_seconds",
                     static_cast<std::uint64_t>((uptime - *meter.last_commit).ns / second), labels);
    families.add("batches_waiting", meter.waiting, labels);
}

void add_daemon(std::vector<MetricFamily>& out, const MetricsInput& input) {
    Families families(daemon_counters);
    for (const MeterCounters& meter : input.daemon.meters)
        add_commits(families, meter, input.uptime);
    families.add("commit_failures_total", input.daemon.commit_failures);
    families.add("reloads_total", input.daemon.reloads);
    families.add("reloads_refused_total", input.daemon.reloads_refused);
    if (const auto loaded = input.daemon.config_loaded)
        families.add("config_loaded_time_seconds", static_cast<std::uint64_t>(loaded->ns / second));
    const ClassRefreshCounters& classes = input.daemon.classes;
    families.add("class_table_refreshes_total", classes.attempts);
    families.add("class_table_loads_total", classes.loads);
    families.add("class_table_failures_total", classes.failures);
    families.add("class_table_held_back", classes.is_held ? 1 : 0);
    if (classes.last_good)
        families.add("class_table_good_time_seconds",
                     static_cast<std::uint64_t>(classes.last_good->ns / second));
    if (input.ledger_octets) families.add("ledger_bytes", *input.ledger_octets);
    families.add("build_info", 1, {{"version", input.version}});
    families.append_to(out);
}

void add_log(std::vector<MetricFamily>& out) {
    Families families(log_counters);
    const auto messages = logged_messages();
    for (std::size_t i = 0; i < messages.size(); ++i)
        families.add("log_messages_total", messages[i],
                     {{"level", std::string(to_string(static_cast<LogLevel>(i)))}});
    for (const LimitedLog::Counts& kind : LimitedLog::counts()) {
        families.add("log_limited_messages_total", kind.messages,
                     {{"kind", std::string(kind.kind)}});
        families.add("log_suppressed_messages_total", kind.suppressed,
                     {{"kind", std::string(kind.kind)}});
    }
    families.append_to(out);
}

void add_listener(std::vector<MetricFamily>& out, const HttpCounts& http) {
    Families families(listener_counters);
    families.add("metrics_connections_total", http.connections);
    families.add("metrics_requests_total", http.requests);
    families.add("metrics_overdue_total", http.overdue);
    families.append_to(out);
}

void add_process(std::vector<MetricFamily>& out, const ProcessFigures& process) {
    Families families(process_counters);
    families.add("process_start_time_seconds", process.start_time_s);
    families.add("process_cpu_seconds_total", process.cpu_time_s);
    families.add("process_resident_memory_bytes", process.resident_octets);
    families.add("process_open_fds", process.open_files);
    families.append_to(out);
}

// Meters of several kinds may have counters of one name: they are one family.
void add_meters(std::vector<MetricFamily>& out, std::span<const CounterInfo> table,
                const std::vector<MeterCounters>& meters) {
    for (const CounterInfo& info : table) {
        const auto has_name = [&](const MetricFamily& known) {
            return known.info.name == info.name;
        };
        if (std::ranges::any_of(out, has_name)) continue;
        MetricFamily family{info, {}};
        for (const MeterCounters& meter : meters) {
            const auto value = std::ranges::find(meter.values, info.name, &CounterValue::name);
            if (value != meter.values.end())
                family.samples.push_back({{label_of(meter)}, value->value});
        }
        out.push_back(std::move(family));
    }
}

// Several kinds may have one table.
std::vector<CounterChapter> meter_chapters(MeterKinds kinds) {
    std::vector<CounterChapter> chapters;
    for (const MeterKind* kind : kinds)
        for (const CounterChapter& chapter : kind->counters)
            if (std::ranges::none_of(chapters, [&](const CounterChapter& known) {
                    return known.counters.data() == chapter.counters.data();
                }))
                chapters.push_back(chapter);
    return chapters;
}

}  // namespace

std::vector<CounterChapter> counter_chapters(MeterKinds kinds) {
    std::vector<CounterChapter> chapters{{"Daemon", "Commits and losses.", daemon_counters}};
    for (const CounterChapter& chapter : meter_chapters(kinds)) chapters.push_back(chapter);
    chapters.push_back({"Attribution", "From readings to transfers.", attribute_counters});
    chapters.push_back({"Log", "Messages of the daemon.", log_counters});
    chapters.push_back({"Metrics", "The listener of `[metrics]`.", listener_counters});
    chapters.push_back({"Process", "In `/metrics` only.", process_counters});
    return chapters;
}

std::vector<MetricFamily> daemon_metrics(const MetricsInput& input, MeterKinds kinds) {
    std::vector<MetricFamily> families;
    add_daemon(families, input);
    for (const CounterChapter& chapter : meter_chapters(kinds))
        add_meters(families, chapter.counters, input.daemon.meters);
    add_meters(families, attribute_counters, input.daemon.meters);
    add_log(families);
    if (input.http) add_listener(families, *input.http);
    if (input.process) add_process(families, *input.process);
    return families;
}

}  // namespace octroi
