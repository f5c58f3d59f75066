// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/witness.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/saturated_sum.hpp"
#include "ledger/wide_octets.hpp"

namespace octroi {
namespace {

struct Seen {
    Volume counted;
    Volume excluded;
    std::uint64_t frames = 0;  // excluded ones of which the octets are those of the frame
};

struct Watcher {
    std::string name;
    Layer layer;
    auto operator<=>(const Watcher&) const = default;
};

// Attribution posts frames without a valid IP packet with their length on the wire.
bool is_of_frames(const Party& party) {
    return party.kind == PartyKind::excluded &&
           (party.name == "non-ip" || party.name == "malformed");
}

// Of all frames of one side, except those that have no header more on the other side.
std::int64_t headers_of(const Seen& frames, const Seen& packets) {
    const std::uint64_t all =
        saturated_sum(frames.counted.packets, frames.excluded.packets).value();
    return clamped(WideOctets{ethernet_header_octets} * (all - std::min(all, packets.frames)));
}

WitnessRow compared(UtcTime begin, const Watcher& witness, const Seen& witnessed,
                    const Watcher& meter, const Seen& billed) {
    WitnessRow row{.begin = begin,
                   .witness = witness.name,
                   .witness_layer = witness.layer,
                   .meter = meter.name,
                   .layer = meter.layer};
    row.witnessed = witnessed.counted;
    add_saturated(row.witnessed, witnessed.excluded);
    row.billed = billed.counted;
    row.excluded = billed.excluded;
    if (witness.layer == Layer::frame && meter.layer == Layer::ip)
        row.headers = headers_of(witnessed, billed);
    if (witness.layer == Layer::ip && meter.layer == Layer::frame)
        row.headers = -headers_of(billed, witnessed);
    const WideOctets one = row.witnessed.bytes.value();
    const WideOctets other =
        WideOctets{row.billed.bytes.value()} + row.excluded.bytes.value() + row.headers;
    row.rest = clamped(one - other);
    const WideOctets larger = std::max(one, other);
    if (larger > 0)
        row.percent = 100.0 * static_cast<double>(row.rest) / static_cast<double>(larger);
    return row;
}

}  // namespace

SumQuestion witness_question(const Interval& period, std::vector<UtcTime> steps) {
    SumQuestion question;
    question.period = period;
    question.steps = std::move(steps);
    question.by_meter = true;
    return question;
}

std::vector<WitnessRow> witness_rows(const std::vector<TransferSum>& sums,
                                     const WitnessPairs& compares) {
    std::map<UtcTime, std::map<Watcher, Seen>> steps;
    std::set<Watcher> witnesses;
    std::set<Watcher> meters;
    for (const TransferSum& sum : sums) {
        const Watcher watcher{sum.meter, sum.layer};
        (sum.role == MeterRole::witness ? witnesses : meters).insert(watcher);
        Seen& seen = steps[sum.bucket][watcher];
        const bool is_excluded =
            sum.from.kind == PartyKind::excluded || sum.to.kind == PartyKind::excluded;
        add_saturated(is_excluded ? seen.excluded : seen.counted, sum.volume);
        if (is_of_frames(sum.from) || is_of_frames(sum.to))
            seen.frames += sum.volume.packets.value();
    }
    std::vector<WitnessRow> rows;
    for (auto& [begin, seen] : steps)
        for (const Watcher& witness : witnesses)
            for (const Watcher& meter : meters) {
                if (!seen.contains(witness) && !seen.contains(meter)) continue;
                if (compares(witness.name, meter.name))
                    rows.push_back(compared(begin, witness, seen[witness], meter, seen[meter]));
            }
    return rows;
}

}  // namespace octroi
