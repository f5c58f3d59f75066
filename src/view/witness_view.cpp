// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/witness_view.hpp"

#include <fmt/format.h>

#include <cmath>

namespace octroi {
namespace {

// A hundredth of a percent: clocks of meters differ by a reading.
constexpr double small_percent = 0.01;

std::uint64_t layer_number(Layer layer) { return static_cast<std::uint64_t>(layer); }

}  // namespace

Report witness_report(const std::vector<WitnessRow>& rows) {
    Report report;
    report.columns = {{"begin", "From", ColumnKind::time},
                      {"witness", "Witness"},
                      {"witness_layer", "", ColumnKind::number, Audience::machines},
                      {"meter", "Meter"},
                      {"layer", "", ColumnKind::number, Audience::machines},
                      {"witnessed_bytes", "Witnessed", ColumnKind::bytes},
                      {"witnessed_packets", "Packets", ColumnKind::packets, Audience::everyone, 2},
                      {"billed_bytes", "Billed", ColumnKind::bytes},
                      {"billed_packets", "Packets", ColumnKind::packets, Audience::everyone, 2},
                      {"excluded_bytes", "Excluded", ColumnKind::bytes, Audience::everyone, 1},
                      {"excluded_packets", "", ColumnKind::packets, Audience::machines},
                      {"header_bytes", "Link headers", ColumnKind::count},
                      {"rest_bytes", "Rest", ColumnKind::count},
                      {"rest_percent", "%", ColumnKind::text, Audience::people},
                      {"rest_share", "", ColumnKind::percent, Audience::machines}};
    for (const WitnessRow& r : rows) {
        const bool differs = std::abs(r.percent) >= small_percent;
        report.rows.push_back(
            {.cells = {Moment{r.begin, 0}, r.witness, layer_number(r.witness_layer), r.meter,
                       layer_number(r.layer), r.witnessed.bytes.value(),
                       r.witnessed.packets.value(), r.billed.bytes.value(),
                       r.billed.packets.value(), r.excluded.bytes.value(),
                       r.excluded.packets.value(), r.headers, r.rest,
                       fmt::format("{:+.2f}", r.percent), r.percent},
             .tone = differs ? Tone::warn : Tone::plain});
    }
    if (!rows.empty())
        report.notes = {
            "Witnessed = billed + excluded + link headers + rest. Link headers: 14 octets of "
            "Ethernet "
            "for each frame that has an IP packet, where one meter counts frames (layer 2) and the "
            "other one IP packets (layer 3).",
            "A rest above 0: the meter that bills missed traffic, or sees other interfaces. VLAN "
            "tags "
            "and padding of short frames are a rest too; segments that the kernel merged (GRO, "
            "GSO) "
            "have one header for the one and several for the other."};
    report.when_empty =
        "There is nothing to compare: no meter with role = \"witness\" has traffic in this period, "
        "or no meter that bills sees its interfaces.";
    return report;
}

}  // namespace octroi
