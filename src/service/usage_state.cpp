// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/usage_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include "base/saturated_sum.hpp"
#include "ledger/usage_query.hpp"
#include "service/control.hpp"
#include "view/units.hpp"

namespace octroi {
namespace {

// A commit may be late by a slow disk or a retry; a meter that is later than this has ended.
Duration patience_of(const LedgerConfig& config) {
    return Duration{3 * config.commit_interval.ns} + Duration::minutes(1);
}

bool selects(const UsageQuestion& question, const MeterName& meter) {
    return (!question.meter || *question.meter == meter.name) &&
           (!question.role || *question.role == meter.role) &&
           (!question.layer || *question.layer == meter.layer);
}

std::optional<UtcTime> booked_until(const std::vector<MeterState>& meters, Duration patience) {
    std::optional<UtcTime> newest;
    for (const MeterState& meter : meters)
        if (meter.batches > 0)
            newest = std::max(newest.value_or(UtcTime::min()), meter.last_booked);
    if (!newest) return std::nullopt;
    UtcTime until = *newest;
    for (const MeterState& meter : meters)
        if (meter.batches > 0 && *newest - meter.last_booked <= patience)
            until = std::min(until, meter.last_booked);
    return until;
}

// Clocks of a network differ by less.
constexpr Duration clock_tolerance = Duration::minutes(1);

std::optional<UtcTime> traffic_ahead(const std::vector<MeterState>& meters, UtcTime end) {
    std::optional<UtcTime> latest;
    for (const MeterState& meter : meters)
        if (meter.last_traffic > meter.last_booked + clock_tolerance && meter.last_traffic >= end &&
            meter.last_booked <= end)
            latest = std::max(latest.value_or(UtcTime::min()), meter.last_traffic);
    return latest;
}

}  // namespace

Result<UsageState> usage_state(Query& ledger, const UsageQuestion& question,
                               const LedgerConfig& config) {
    UsageState state;
    TRY_ASSIGN(std::vector<MeterState> meters, ledger.meters());
    std::erase_if(meters, [&](const MeterState& m) { return !selects(question, m.meter); });
    state.booked_until = booked_until(meters, patience_of(config));
    state.traffic_ahead = traffic_ahead(meters, question.period.end);
    TRY_ASSIGN(std::vector<MeterLoss> losses, ledger.losses(question.period));
    std::erase_if(losses, [&](const MeterLoss& loss) {
        return std::ranges::none_of(
            meters, [&](const MeterState& m) { return m.meter.name == loss.meter; });
    });
    state.losses = summed_losses(losses);
    return state;
}

// By account and meter: the store has such sums by day.
Result<ExcludedVolumes> excluded_volumes(Query& ledger) {
    UsageQuestion question{.by = {UsageKey::meter, UsageKey::account}};
    question.role = std::nullopt;
    const auto usage = query_usage(ledger, question);
    // Forged volumes above 64 bits: the state of the meters must be shown all the same.
    if (!usage && usage.error().code == ErrorCode::over_limit) return ExcludedVolumes{};
    if (!usage) return std::unexpected(usage.error());
    ExcludedVolumes volumes;
    for (const UsageBlock& block : usage->blocks)
        for (const UsageRow& row : block.rows)
            if (row.names_excluded) add_saturated(volumes[row.meter], row.total);
    return volumes;
}

std::string coming_figures(const std::string& path, const LedgerConfig& config,
                           std::optional<UtcTime> booked_until, const Zone& zone) {
    const auto answer = ask_daemon(path, {{"request", "counters"}});
    // Somebody answers, even if the daemon does not answer this user.
    const bool runs = answer || answer.error().code == ErrorCode::permission ||
                      answer.error().code == ErrorCode::busy ||
                      answer.error().code == ErrorCode::failed;
    if (!runs) return "";
    const std::string every = duration_text(config.commit_interval);
    if (!booked_until)
        return fmt::format(
            "`octroi run` meters into this ledger. Nothing is committed yet; the first figures "
            "come "
            "within {}.",
            every);
    return fmt::format(
        "`octroi run` meters into this ledger and commits every {}: last at {}, the next figures "
        "are due at {}.",
        every, local_text(*booked_until, zone, true),
        local_text(*booked_until + config.commit_interval, zone, true));
}

}  // namespace octroi
