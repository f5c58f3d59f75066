// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/meter_states.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>
#include <variant>

#include "view/text.hpp"

namespace octroi {
namespace {

using Json = nlohmann::json;

constexpr const char* states_request = "meters";

Json answer(const DaemonCounters& daemon, Duration uptime) {
    Json rows = Json::array();
    for (const MeterCounters& meter : daemon.meters) {
        const Duration down =
            meter.down + (meter.failed_since ? uptime - *meter.failed_since : Duration{});
        rows.push_back({{"meter", meter.name.name},
                        {"kind", meter.name.kind},
                        {"role", meter.name.role == MeterRole::bill ? "bill" : "witness"},
                        {"failure", meter.failure},
                        {"failures", meter.failures},
                        {"down_s", down.ns / Duration::seconds(1).ns}});
    }
    return {{states_request, std::move(rows)}};
}

bool is_state_row(const Json& row) {
    const auto has_text = [&](const char* key) {
        return row.contains(key) && row[key].is_string();
    };
    const auto has_number = [&](const char* key) {
        return row.contains(key) && row[key].is_number_integer();
    };
    return row.is_object() && has_text("meter") && has_text("kind") && has_text("role") &&
           has_text("failure") && has_number("failures") && has_number("down_s");
}

Row new_row(const RunningState& state, std::size_t columns) {
    Row row{.cells = {state.meter, state.kind, state.role}};
    row.cells.resize(columns);
    return row;
}

const RunningState* find_state(std::span<const RunningState> states, const Cell& meter) {
    const auto* name = std::get_if<std::string>(&meter);
    if (name == nullptr) return nullptr;
    const auto found = std::ranges::find(states, *name, &RunningState::meter);
    return found == states.end() ? nullptr : &*found;
}

bool has_row(const Report& report, const RunningState& state) {
    return std::ranges::any_of(report.rows, [&](const Row& row) {
        return find_state({&state, 1}, row.cells[0]) != nullptr;
    });
}

}  // namespace

void add_meters_request(ControlServer& control, const CounterBoard& board, const Clock& clock) {
    control.add_request(states_request, [&board, &clock](const Json& /*request*/) -> Result<Json> {
        return answer(board.snapshot(), clock.uptime());
    });
}

std::optional<std::vector<RunningState>> ask_meter_states(const std::string& ledger) {
    const auto answered = ask_daemon(ledger, {{"request", states_request}});
    if (!answered || !answered->is_object() || !answered->contains(states_request) ||
        !(*answered)[states_request].is_array())
        return std::nullopt;
    std::vector<RunningState> states;
    for (const Json& row : (*answered)[states_request]) {
        if (!is_state_row(row)) return std::nullopt;
        states.push_back({row["meter"], row["kind"], row["role"], row["failure"], row["failures"],
                          Duration::seconds(row["down_s"].get<std::int64_t>())});
    }
    return states;
}

void add_meter_states(const std::optional<std::vector<RunningState>>& states, Report& report) {
    const std::vector<RunningState> known = states.value_or(std::vector<RunningState>());
    for (const RunningState& state : known)
        if (!state.failure.empty() && !has_row(report, state))
            report.rows.push_back(new_row(state, report.columns.size()));
    report.columns.push_back({"state", "State", ColumnKind::text, Audience::machines});
    report.columns.push_back({"failure", "Failure", ColumnKind::text, Audience::machines});
    for (Row& row : report.rows) {
        const RunningState* const state = find_state(known, row.cells[0]);
        const bool has_failed = state != nullptr && !state->failure.empty();
        const std::string_view text = has_failed ? "failed" : "running";
        row.cells.push_back(state == nullptr ? Cell() : Cell(text));
        row.cells.push_back(has_failed ? Cell(state->failure) : Cell());
        if (!has_failed) continue;
        row.tone = Tone::warn;
        report.notes.push_back(printable(
            fmt::format("Meter {} does not run: {}. The daemon tries again; it has not run for {} "
                        "since the start of the daemon.",
                        state->meter, state->failure, to_string(state->down))));
    }
}

}  // namespace octroi
