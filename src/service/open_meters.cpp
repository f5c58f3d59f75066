// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/open_meters.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>

#include "base/check.hpp"
#include "base/narrow.hpp"
#include "config/same_bytes.hpp"
#include "host/datagrams.hpp"
#include "host/log.hpp"
#include "service/known_meter.hpp"
#include "service/live_export.hpp"

namespace octroi {
namespace {

struct KnownCursors {
    std::vector<Cursor> own;
    std::vector<OtherCursor> others;
};

Result<KnownCursors> cursors_of(const MeterConfig& config, Store& store,
                                std::string_view cursor_prefix) {
    TRY_ASSIGN(auto all, store.cursors(cursor_prefix));
    KnownCursors cursors;
    for (auto& entry : newest_cursors(std::move(all))) {
        if (entry.meter == config.name)
            cursors.own.push_back(std::move(entry.cursor));
        else if (is_content_source(entry.cursor.source))
            cursors.others.push_back({std::move(entry.meter), std::move(entry.cursor)});
    }
    return cursors;
}

// What opening a meter needs, for all meters of a run and as long as it takes.
struct Context {
    std::vector<MeterConfig> configs;
    Config file;
    CaptureHost& host;
    Store& store;
    std::string state_folder;
    // Inherited ones. Meters get duplicates: the kernel queues datagrams while their meter is
    // closed, and it gets them again.
    std::vector<Fd> sockets;
    bool only_rest;                                           // as MeterSetup::only_rest
    std::optional<std::size_t> sockets_owner = std::nullopt;  // number of the meter that has them
};

Result<std::vector<Fd>> sockets_for(const Context& context, std::size_t number) {
    if (context.sockets_owner.value_or(number) != number) return std::vector<Fd>();
    return duplicates_of(context.sockets);
}

// [[rule]] of the last reload.
std::vector<RuleRow> rules_now(const AttributionTables& tables, const Config& at_start) {
    if (tables.rules == nullptr) return at_start.rules;
    std::vector<RuleRow> rows;
    for (const RuleConfig& rule : *tables.rules) rows.push_back({.rule = rule, .where = {}});
    return rows;
}

// number: of the meter in the list of all, from 0 on. rules: [[rule]] of this moment.
Result<std::unique_ptr<Meter>> open_meter(Context& context, const MeterKind& kind,
                                          std::size_t number, std::span<const RuleRow> rules) {
    const MeterConfig& config = context.configs[number];
    TRY_ASSIGN(const KnownCursors cursors, cursors_of(config, context.store, kind.cursor_prefix));
    TRY_ASSIGN(std::string ledger_id, context.store.ledger_id());
    TRY_ASSIGN(std::vector<Fd> sockets, sockets_for(context, number));
    const bool had_sockets = !sockets.empty();
    MeterSetup setup{config,
                     cursors.own,
                     context.state_folder,
                     sockets,
                     context.host,
                     context.host.clock(),
                     cursors.others,
                     context.configs,
                     std::move(ledger_id),
                     context.file.exporters,
                     rules,
                     context.only_rest};
    auto made = kind.open(setup);
    if (had_sockets && sockets.empty()) context.sockets_owner = number;
    TRY_ASSIGN(auto opened, std::move(made));
    for (const std::string& notice : opened.notices)
        log_info(fmt::format("meter {}: {}", config.name, notice));
    for (const std::string& warning : opened.warnings)
        log_warning(fmt::format("meter {}: {}", config.name, warning));
    // Each meter has an encoder of its own, and sequence numbers count within an observation
    // domain (RFC 7011 section 3.1).
    const auto domain = narrow<std::uint32_t>(number + 1);
    return with_exports(context.file.exports, config.name, domain, std::move(opened.meter),
                        context.host.clock());
}

MeterName name_of(const MeterConfig& config, const MeterKind& kind, const Config& file) {
    const bool is_witness =
        config.role == RoleChoice::witness || is_witness_by_precedence(file, config.name);
    return {config.name, config.kind, is_witness ? MeterRole::witness : MeterRole::bill,
            kind.layer};
}

// What does not exist may be made while the daemon waits: an interface, a table, a device. Another
// error needs the administrator, who sees it best where the run ends.
bool may_appear(const Error& error) { return error.code == ErrorCode::not_found; }

// Whether the run may begin without this meter. A mistake of the configuration stays one.
bool is_fatal(const Error& error, AtStart at_start) {
    return at_start != AtStart::some_open || error.code == ErrorCode::invalid;
}

// No meter has been opened, and none will be.
std::optional<Error> hopeless(std::span<const DaemonMeter> meters) {
    for (const DaemonMeter& meter : meters)
        if (!meter.error || may_appear(*meter.error)) return std::nullopt;
    return meters.empty() ? std::nullopt : meters.front().error;
}

}  // namespace

Result<std::vector<std::string>> overview_notices(const std::vector<MeterConfig>& configs,
                                                  MeterKinds kinds, CaptureHost& host) {
    std::vector<std::string> all;
    for (const MeterKind* kind : kinds) {
        const auto own = meters_of(*kind, configs);
        if (own.empty() || kind->overview == nullptr) continue;
        TRY_ASSIGN(const auto notices, kind->overview(own, host));
        all.insert(all.end(), notices.begin(), notices.end());
    }
    return all;
}

Result<std::vector<DaemonMeter>> open_meters(const std::vector<MeterConfig>& configs,
                                             const Config& file, MeterKinds kinds,
                                             CaptureHost& host, Store& store,
                                             const std::string& state_folder, AtStart at_start) {
    const auto context =
        std::make_shared<Context>(Context{configs, file, host, store, state_folder,
                                          inherited_sockets(), at_start == AtStart::only_rest});
    std::vector<DaemonMeter> meters;
    for (std::size_t i = 0; i < configs.size(); ++i) {
        const MeterKind* kind = find_kind(kinds, configs[i].kind);
        CHECK(kind != nullptr);  // the configuration was checked against the same table
        DaemonMeter& meter = meters.emplace_back();
        meter.name = name_of(configs[i], *kind, file);
        auto opened = open_meter(*context, *kind, i, file.rules);
        // A meter that only posts the rest is not opened again: its failure is that of the run.
        if (at_start != AtStart::only_rest)
            meter.open = [context, kind, i](const AttributionTables& tables) {
                return open_meter(*context, *kind, i, rules_now(tables, context->file));
            };
        if (opened)
            meter.meter = *std::move(opened);
        else if (is_fatal(opened.error(), at_start))
            return std::unexpected(std::move(opened).error());
        else
            meter.error = std::move(opened).error();
    }
    if (auto error = hopeless(meters)) return std::unexpected(*std::move(error));
    if (at_start == AtStart::only_rest) return meters;
    const auto notices = overview_notices(configs, kinds, host);
    if (!notices && at_start == AtStart::all_open) return std::unexpected(notices.error());
    for (const std::string& notice : notices.value_or(std::vector<std::string>())) log_info(notice);
    return meters;
}

}  // namespace octroi
