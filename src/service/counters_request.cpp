// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/counters_request.hpp"

#include <nlohmann/json.hpp>

namespace octroi {
namespace {

using Json = nlohmann::json;

constexpr const char* request_name = "counters";

Json answer(const MetricsSources& sources) {
    MetricsInput input = metrics_input(sources, std::nullopt);
    input.process = std::nullopt;  // times and sizes that a person reads elsewhere
    Json rows = Json::array();
    for (const CounterRow& row : counter_rows(daemon_metrics(input, sources.kinds)))
        rows.push_back({{"meter", row.meter},
                        {"counter", row.counter},
                        {"labels", row.labels},
                        {"value", row.value}});
    return {{request_name, std::move(rows)}};
}

bool is_row(const Json& row) {
    const auto has_text = [&](const char* key) {
        return row.contains(key) && row[key].is_string();
    };
    return row.is_object() && has_text("meter") && has_text("counter") && has_text("labels") &&
           row.contains("value") && row["value"].is_number_unsigned();
}

}  // namespace

void add_counters_request(ControlServer& control, const MetricsSources& sources) {
    control.add_request(request_name, [&sources](const Json& /*request*/) -> Result<Json> {
        return answer(sources);
    });
}

Result<std::vector<CounterRow>> ask_counters(const std::string& ledger) {
    TRY_ASSIGN(const Json answered, ask_daemon(ledger, {{"request", request_name}}));
    const auto unreadable = [] {
        return fail(ErrorCode::corrupt,
                    "the daemon's answer cannot be read: it runs another version of octroi");
    };
    if (!answered.is_object() || !answered.contains(request_name) ||
        !answered[request_name].is_array())
        return unreadable();
    std::vector<CounterRow> rows;
    for (const Json& row : answered[request_name]) {
        if (!is_row(row)) return unreadable();
        rows.push_back({row["meter"], row["counter"], row["labels"], row["value"]});
    }
    return rows;
}

}  // namespace octroi
