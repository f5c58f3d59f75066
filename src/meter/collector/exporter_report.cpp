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

Row row_of(const std::string& meter, const exporter::ExporterStatus& e) {
    std::vector<std::string> sampling;
    for (const std::uint64_t rate : e.sampling) sampling.push_back(fmt::format("1:{}", rate));
    const std::int64_t heard_s = (e.last_seen - e.first_seen).ns / second;
    // sFlow messages have no time.
    const bool has_clock = e.exported.ns != 0;
    const std::int64_t skew_s = has_clock ? (e.exported - e.last_seen).ns / second : 0;
    Row row{{meter, to_string(e.address), names_of(e.protocols),
             static_cast<std::uint64_t>(e.observation_domains.size()), Moment{e.first_seen, 0},
             Moment{e.last_seen, 0}, e.messages, e.records,
             heard_s > 0 ? Cell{e.records / static_cast<std::uint64_t>(heard_s)} : Cell{}, e.lost,
             static_cast<std::uint64_t>(e.templates), sampling,
             has_clock ? Cell{Duration::seconds(skew_s)} : Cell{}, e.restarts, e.duplicates,
             e.pending_octets, e.undecodable}};
    if (e.lost > 0 || e.undecodable > 0 || std::abs(skew_s) > much_skew_s) row.tone = Tone::warn;
    return row;
}

}  // namespace

Report exporters_report(const std::vector<MeterExporters>& meters) {
    Report report;
    report.columns = {{"meter", "Meter", ColumnKind::text, Audience::everyone, 8},
                      {"exporter", "Exporter"},
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
                      {"undecodable", "Undecodable", ColumnKind::count, Audience::everyone, 1}};
    for (const MeterExporters& meter : meters)
        for (const exporter::ExporterStatus& e : meter.exporters.status())
            report.rows.push_back(row_of(meter.meter, e));
    if (!report.rows.empty())
        report.notes = {
            "As of the last commit. Lost: by sequence numbers, records (NetFlow v5, v7, IPFIX), "
            "messages (v9) or datagrams (sFlow). Skew: the exporter's clock less ours."};
    report.when_empty =
        "No exporter has sent anything. A [[meter]] of kind \"collector\" receives exports: its "
        "options are in docs/options.md.";
    return report;
}

Report interfaces_report(const std::vector<MeterExporters>& meters, const Directory& directory,
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
        for (const auto& [exporter, if_index, name] : meter.exporters.interface_names()) {
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
