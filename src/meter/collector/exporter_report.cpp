// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/exporter_report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "record/identity.hpp"

namespace octroi::collector {
namespace {

constexpr std::int64_t second = 1'000'000'000;
// By default, times of an exporter with a larger clock error are moved (clock_skew).
constexpr std::int64_t much_skew_s = 300;

std::vector<std::string> names_of(const std::vector<flow::Protocol>& protocols) {
    std::vector<std::string> names;
    for (const flow::Protocol protocol : protocols)
        names.push_back(protocol == flow::Protocol::ipfix
                            ? std::string(flow::name(protocol))
                            : fmt::format("{} v{}", flow::name(protocol), flow::version(protocol)));
    return names;
}

std::vector<Column> exporter_columns() {
    return {{"meter", "Meter", ColumnKind::text, Audience::everyone, 8},
            {"exporter", "Exporter"},
            {"name", "Name", ColumnKind::text, Audience::everyone, 9},
            {"protocols", "Protocols", ColumnKind::list},
            {"domains", "Domains", ColumnKind::count, Audience::everyone, 9},
            {"first_seen", "First seen", ColumnKind::time, Audience::machines},
            {"last_seen", "Last seen", ColumnKind::time},
            {"messages", "Messages", ColumnKind::count, Audience::machines},
            {"records", "Records", ColumnKind::count, Audience::everyone, 3},
            {"records_per_second", "Records/s", ColumnKind::count, Audience::everyone, 2},
            {"lost", "Lost", ColumnKind::count},
            {"templates", "Templates", ColumnKind::count, Audience::everyone, 5},
            {"sampling", "Sampling", ColumnKind::list, Audience::everyone, 4},
            {"skew_seconds", "Skew", ColumnKind::duration, Audience::everyone, 6},
            {"restarts", "Restarts", ColumnKind::count, Audience::everyone, 7},
            {"duplicates", "Duplicates", ColumnKind::count, Audience::machines},
            {"waiting_octets", "Waiting", ColumnKind::count, Audience::machines},
            {"undecodable", "Undecodable", ColumnKind::count, Audience::everyone, 1},
            {"doubts", "Doubts", ColumnKind::list}};
}

// What may be wrong with its figures, and the option of [[exporter]] that settles it.
std::vector<std::string> doubts_of(const exporter::ExporterStatus& e, std::int64_t skew_s) {
    std::vector<std::string> doubts;
    const auto add = [&](std::uint64_t count, std::string_view text) {
        if (count > 0) doubts.push_back(fmt::format("{} {}", count, text));
    };
    add(e.missing, "more missing by sequence numbers: may still arrive");
    add(e.refused_rates, "sampling rates that cannot be right (sampling)");
    add(e.unconfirmed_rates, "rates stated once, not applied until repeated (sampling)");
    add(e.unconfirmed_starts,
        "starts stated once: until repeated, records with uptimes have the receive time");
    add(e.changed_rates, "changes of a rate");
    add(e.reverse_out, "records with counts out unlike counts in (out_bytes)");
    if (e.unread_counts > 0)
        doubts.push_back(fmt::format(
            "{} records with counts in private elements only, not counted (template {})",
            e.unread_counts, fmt::join(e.unread_templates, "; ")));
    add(e.doubtful_lengths, "sampled packets without a possible frame length");
    if (std::abs(skew_s) > much_skew_s)
        doubts.push_back(fmt::format("clock off by {} s (clock_offset)", skew_s));
    if (e.counts_templates) doubts.emplace_back("sequence numbers count templates: no loss");
    return doubts;
}

Row row_of(const std::string& meter, const exporter::ExporterStatus& e,
           std::span<const ExporterConfig> rows) {
    std::vector<std::string> sampling;
    for (const std::uint64_t rate : e.sampling) sampling.push_back(fmt::format("1:{}", rate));
    const std::uint32_t domain = e.observation_domains.empty() ? 0 : e.observation_domains.front();
    const ExporterConfig* const config = find_exporter(rows, e.address, domain);
    if (config != nullptr && config->sampling != 0)
        sampling = {fmt::format("1:{} (configured)", config->sampling)};
    const std::int64_t heard_s = (e.last_seen - e.first_seen).ns / second;
    // sFlow messages have no time.
    const bool has_clock = e.exported.ns != 0;
    std::int64_t skew_s = has_clock ? (e.exported - e.last_seen).ns / second : 0;
    if (config != nullptr) skew_s -= config->clock_offset.ns / second;
    const std::vector<std::string> doubts = doubts_of(e, skew_s);
    Row row{{meter, to_string(e.address), config == nullptr ? "" : config->name,
             names_of(e.protocols), static_cast<std::uint64_t>(e.observation_domains.size()),
             Moment{e.first_seen, 0}, Moment{e.last_seen, 0}, e.messages, e.records,
             heard_s > 0 ? Cell{e.records / static_cast<std::uint64_t>(heard_s)} : Cell{}, e.lost,
             static_cast<std::uint64_t>(e.templates), sampling,
             has_clock ? Cell{Duration::seconds(skew_s)} : Cell{}, e.restarts, e.duplicates,
             e.pending_octets, e.undecodable, doubts}};
    if (e.lost > 0 || e.undecodable > 0 || !doubts.empty()) row.tone = Tone::warn;
    return row;
}

// Datagrams that cannot be read: who sends them, and what they seem to be.
Row row_of(const std::string& meter, const exporter::UnknownSender& sender) {
    const auto columns = exporter_columns();
    Row row{std::vector<Cell>(columns.size()), {}};
    const auto set = [&](std::string_view key, Cell cell) {
        const auto at = std::ranges::find(columns, key, &Column::key);
        row.cells[static_cast<std::size_t>(at - columns.begin())] = std::move(cell);
    };
    set("meter", meter);
    set("exporter", sender.address.empty() ? std::string("others") : to_string(sender.address));
    set("protocols", std::vector{to_string(sender.message) + ": not read"});
    set("last_seen", Moment{sender.last_seen, 0});
    set("messages", sender.datagrams);
    set("records", std::uint64_t{0});
    set("undecodable", sender.datagrams);
    row.tone = Tone::warn;
    return row;
}

// Names in the configuration come first.
std::vector<exporter::InterfaceName> interface_names(const MeterExporters& meter,
                                                     std::span<const ExporterConfig> rows) {
    std::map<std::pair<Address, std::uint32_t>, std::string> names;
    for (const exporter::InterfaceName& stated : meter.exporters.interface_names())
        names[{stated.exporter, stated.if_index}] = stated.name;
    for (const exporter::ExporterStatus& e : meter.exporters.status()) {
        const ExporterConfig* const config = find_exporter(rows, e.address, 0);
        if (config == nullptr) continue;
        for (const auto& [if_index, name] : config->interfaces) names[{e.address, if_index}] = name;
    }
    std::vector<exporter::InterfaceName> out;
    for (const auto& [key, name] : names) out.push_back({key.first, key.second, name});
    return out;
}

}  // namespace

Report exporters_report(const std::vector<MeterExporters>& meters,
                        std::span<const ExporterConfig> rows) {
    Report report;
    report.columns = exporter_columns();
    for (const MeterExporters& meter : meters) {
        for (const exporter::ExporterStatus& e : meter.exporters.status())
            report.rows.push_back(row_of(meter.meter, e, rows));
        for (const exporter::UnknownSender& sender : meter.exporters.unknown_senders())
            report.rows.push_back(row_of(meter.meter, sender));
    }
    if (!report.rows.empty())
        report.notes = {
            "As of the last commit. Lost: by sequence numbers, records (NetFlow v5, v7, IPFIX), "
            "messages (v9) or datagrams (sFlow); a gap counts as lost when 64 messages came after "
            "it, or after 10 minutes. Skew: the exporter's clock less ours. Doubts: what may be "
            "wrong with its figures, and the option of [[exporter]] that settles it."};
    report.when_empty =
        "No exporter has sent anything. A [[meter]] of kind \"collector\" receives exports: its "
        "options are in docs/options.md.";
    return report;
}

Report interfaces_report(const std::vector<MeterExporters>& meters,
                         std::span<const ExporterConfig> rows, const Directory& directory,
                         UtcTime now) {
    std::map<std::string, const Binding*> bound;  // the newest valid one
    for (const Binding& binding : directory.bindings) {
        if (binding.identity.kind != IdentityKind::interface || !binding.valid.contains(now))
            continue;
        const Binding*& newest = bound[binding.identity.value];
        if (newest == nullptr || binding.id > newest->id) newest = &binding;
    }
    Report report;
    report.columns = {{"meter", "Meter", ColumnKind::text, Audience::everyone, 1},
                      {"exporter", "Exporter"},
                      {"if_index", "ifIndex", ColumnKind::number},
                      {"name", "Name"},
                      {"identity", "Identity"},
                      {"account", "Account"}};
    for (const MeterExporters& meter : meters) {
        for (const auto& [exporter, if_index, name] : interface_names(meter, rows)) {
            const Identity identity{IdentityKind::interface,
                                    fmt::format("{}#{}", to_string(exporter), if_index)};
            const auto known = bound.find(identity.value);
            // A number that cannot be bound (0: no interface) is no identity to offer.
            const bool can_be_bound = parse_identity(identity_text(identity)).has_value();
            report.rows.push_back({{meter.meter, to_string(exporter), std::uint64_t{if_index}, name,
                                    can_be_bound ? Cell{identity_text(identity)} : Cell{},
                                    known == bound.end() ? Cell{} : Cell{known->second->account}}});
        }
    }
    if (!report.rows.empty())
        report.notes = {
            "As of the last commit. Only interfaces with a name in options data; others can be "
            "bound "
            "too: octroi bind interface '192.0.2.1#3' ACCOUNT"};
    report.when_empty =
        "No exporter has sent names of its interfaces (options data with elements 82 or 83). "
        "Interfaces can be bound without names: octroi bind interface '192.0.2.1#3' ACCOUNT";
    return report;
}

}  // namespace octroi::collector
