// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/detach_meters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "service/attribution.hpp"
#include "service/counter_board.hpp"
#include "service/daemon.hpp"
#include "service/local_networks.hpp"
#include "service/meters_of_run.hpp"
#include "service/open_meters.hpp"
#include "service/precedence.hpp"

namespace octroi {
namespace {

bool has_rest(const MeterConfig& meter, const MeterKind& kind) {
    return kind.detach != nullptr && kind.is_in_kernel(meter);
}

Result<bool> knows(Ledger& ledger, const MeterConfig& meter, const MeterKind& kind) {
    TRY_ASSIGN(const auto cursors, ledger.cursors(kind.cursor_prefix));
    return std::ranges::any_of(cursors,
                               [&](const auto& known) { return known.meter == meter.name; });
}

void append(std::vector<std::string>& lines, const std::string& meter,
            const std::vector<std::string>& more) {
    for (const std::string& line : more) lines.push_back(fmt::format("meter {}: {}", meter, line));
}

// Before a program is detached: a ledger without a position of the meter would get no count.
Status check_known(const MeterConfig& meter, MeterKinds kinds, Ledger& ledger) {
    TRY_ASSIGN(const bool is_known, knows(ledger, meter, *find_kind(kinds, meter.kind)));
    if (is_known) return {};
    return fail(ErrorCode::not_found,
                fmt::format("meter {}: this ledger has none of its counts, so the last ones cannot "
                            "be posted, and nothing was removed from the kernel. Next: name the "
                            "ledger of the meter (--ledger), or drop the counts (octroi run "
                            "--detach-kernel --drop-counts)",
                            meter.name));
}

// Also meters without counts in the kernel (is_in_kernel()): a kind refuses where another version
// left counts there that this one cannot read.
Result<std::vector<std::string>> detach_each(std::span<const MeterConfig> meters,
                                             MeterKinds kinds) {
    std::vector<std::string> lines;
    for (const MeterConfig& meter : meters) {
        const MeterKind* kind = find_kind(kinds, meter.kind);
        if (kind->detach == nullptr) continue;
        TRY_ASSIGN(const auto detached, kind->detach(meter));
        append(lines, meter.name, detached);
    }
    return lines;
}

Status post_rest(const RunSettings& settings, const std::vector<MeterConfig>& meters,
                 DuplicatesPtr duplicates, Ledger& ledger, CaptureHost& host,
                 const std::function<void(const Batch&)>& committed) {
    TRY_ASSIGN(auto opened, open_meters(meters, settings.config, settings.kinds, host, ledger,
                                        state_folder_of(settings), AtStart::only_rest));
    TRY_ASSIGN(const auto present, host.interfaces());
    TRY_ASSIGN(auto attribution,
               AttributionSource::create(settings.config, ledger, networks_of(present).local));
    attribution.use_duplicates(std::move(duplicates));
    CounterBoard board;
    Daemon daemon(std::move(opened), ledger, attribution, board, host.clock(),
                  {.commit_interval = settings.config.ledger.commit_interval,
                   .run_for = {},
                   .stop_requested = {},
                   .committed = committed,
                   .networks = {},
                   .between_commits = {}});
    return daemon.run();
}

}  // namespace

Result<bool> is_known(std::span<const MeterConfig> meters, MeterKinds kinds, Ledger& ledger) {
    for (const MeterConfig& meter : meters) {
        TRY_ASSIGN(const bool known, knows(ledger, meter, *find_kind(kinds, meter.kind)));
        if (!known) return false;
    }
    return true;
}

bool have_counts_in_kernel(std::span<const MeterConfig> meters, MeterKinds kinds) {
    for (const MeterConfig& meter : meters)
        if (has_rest(meter, *find_kind(kinds, meter.kind))) return true;
    return false;
}

Result<std::vector<std::string>> detach_meters(const RunSettings& settings,
                                               std::span<const MeterConfig> meters, Ledger& ledger,
                                               CaptureHost& host,
                                               const std::function<void(const Batch&)>& committed) {
    std::vector<MeterConfig> with_rest;
    for (const MeterConfig& meter : meters)
        if (has_rest(meter, *find_kind(settings.kinds, meter.kind))) with_rest.push_back(meter);
    for (const MeterConfig& meter : with_rest) TRY(check_known(meter, settings.kinds, ledger));
    // Before a program is detached, as check_known().
    DuplicatesPtr duplicates;
    if (!with_rest.empty()) {
        TRY_ASSIGN(duplicates, read_precedence(settings.config, ledger));
    }
    TRY_ASSIGN(auto lines, detach_each(meters, settings.kinds));
    if (!with_rest.empty())
        TRY(post_rest(settings, with_rest, std::move(duplicates), ledger, host, committed));
    TRY_ASSIGN(const auto dropped, drop_from_kernel(meters, settings.kinds));
    lines.insert(lines.end(), dropped.begin(), dropped.end());
    return lines;
}

Result<std::vector<std::string>> remove_without_counts(std::span<const MeterConfig> meters,
                                                       MeterKinds kinds) {
    TRY_ASSIGN(auto lines, detach_each(meters, kinds));
    TRY_ASSIGN(const auto dropped, drop_from_kernel(meters, kinds));
    lines.insert(lines.end(), dropped.begin(), dropped.end());
    return lines;
}

Result<std::vector<std::string>> drop_from_kernel(std::span<const MeterConfig> meters,
                                                  MeterKinds kinds) {
    std::vector<std::string> lines;
    for (const MeterConfig& meter : meters) {
        const MeterKind* kind = find_kind(kinds, meter.kind);
        if (kind->remove_from_kernel == nullptr) continue;
        TRY_ASSIGN(const auto removed, kind->remove_from_kernel(meter));
        append(lines, meter.name, removed);
    }
    return lines;
}

}  // namespace octroi
