// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/server_gap.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/saturated_sum.hpp"
#include "ledger/wide_octets.hpp"

namespace octroi {
namespace {

struct PacketMeter {
    std::string name;
    MeterRole role = MeterRole::bill;
    auto operator<=>(const PacketMeter&) const = default;
};

struct Carried {
    Volume volume;
    WideOctets headers = 0;
};

using Steps = std::map<UtcTime, std::map<PacketMeter, Carried>>;

bool has_excluded_end(const TransferSum& sum) {
    return sum.from.kind == PartyKind::excluded || sum.to.kind == PartyKind::excluded;
}

bool is_duplicate(const Party& party) {
    return party.kind == PartyKind::excluded && party.name == "duplicate";
}

// Excluded because the log is charged in its place: the duplicate has the address of the server.
bool is_charged_by_log(const TransferSum& sum, const std::string& identity) {
    const auto is_at = [&](const Party& party) {
        return is_duplicate(party) && party.identity == identity;
    };
    return is_at(sum.from) || is_at(sum.to);
}

bool is_among(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
}

void add_carried(const LoggedServer& server, const CarriedSums& at, Steps& steps) {
    const bool is_v6 = at.identity.contains(':');
    for (const TransferSum& sum : at.sums) {
        if (sum.layer != Layer::ip) continue;
        if (has_excluded_end(sum) && !is_charged_by_log(sum, at.identity)) continue;
        if (!server.services.empty() && !is_among(server.services, sum.service)) continue;
        // Traffic between two of the server's identities is in the answers of both.
        const bool both = is_among(server.identities, sum.from.identity) &&
                          is_among(server.identities, sum.to.identity);
        if (both && sum.from.identity != at.identity) continue;
        Carried& carried = steps[sum.bucket][{sum.meter, sum.role}];
        add_saturated(carried.volume, sum.volume);
        carried.headers += WideOctets{is_v6 ? tcp6_header_octets : tcp4_header_octets} *
                           sum.volume.packets.value();
    }
}

ServerGapRow gap_row(UtcTime begin, const std::string& log, const PacketMeter& meter,
                     const Carried& carried, std::uint64_t logged) {
    ServerGapRow row{.begin = begin, .log = log, .meter = meter.name, .role = meter.role};
    row.carried = carried.volume;
    row.logged = logged;
    const WideOctets gap = WideOctets{carried.volume.bytes.value()} - logged;
    row.gap = clamped(gap);
    row.headers = static_cast<std::uint64_t>(clamped(carried.headers));
    row.rest = clamped(gap - carried.headers);
    return row;
}

}  // namespace

SumQuestion carried_question(const std::string& identity, const Interval& period,
                             std::vector<UtcTime> steps) {
    SumQuestion question;
    question.period = period;
    question.steps = std::move(steps);
    question.layer = Layer::ip;
    question.identity = identity;
    question.by_meter = true;
    question.by_identity = true;
    question.by_service = true;
    return question;
}

SumQuestion logged_question(const std::string& log, const Interval& period,
                            std::vector<UtcTime> steps) {
    SumQuestion question;
    question.period = period;
    question.steps = std::move(steps);
    question.meter = log;
    return question;
}

std::vector<ServerGapRow> server_gap_rows(const LoggedServer& server,
                                          std::span<const CarriedSums> carried,
                                          const std::vector<TransferSum>& logged) {
    Steps steps;
    for (const CarriedSums& at : carried) add_carried(server, at, steps);
    std::set<PacketMeter> meters;
    for (const auto& [begin, seen] : steps)
        for (const auto& [meter, unused] : seen) meters.insert(meter);
    std::map<UtcTime, Bytes> octets;
    for (const TransferSum& sum : logged) {
        // Lines of a time in which the packets were charged.
        if (has_excluded_end(sum) && !is_duplicate(sum.from)) continue;
        Bytes& sum_of_step = octets[sum.bucket];
        sum_of_step = saturated_sum(sum_of_step, sum.volume.bytes);
        static_cast<void>(steps[sum.bucket]);
    }
    std::vector<ServerGapRow> rows;
    for (auto& [begin, seen] : steps) {
        const bool has_log = octets.contains(begin);
        for (const PacketMeter& meter : meters)
            if (has_log || seen.contains(meter))
                rows.push_back(
                    gap_row(begin, server.log, meter, seen[meter], octets[begin].value()));
    }
    return rows;
}

}  // namespace octroi
