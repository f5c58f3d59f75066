// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/loss_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/check.hpp"
#include "record/loss_unit.hpp"
#include "view/units.hpp"

namespace octroi {
namespace {

bool is_known(UtcTime t) { return t != UtcTime::min() && t != UtcTime::max(); }

void widen(Interval& sum, const Interval& loss) {
    if (is_known(loss.begin))
        sum.begin = is_known(sum.begin) ? std::min(sum.begin, loss.begin) : loss.begin;
    if (is_known(loss.end)) sum.end = is_known(sum.end) ? std::max(sum.end, loss.end) : loss.end;
}

// "2026-11-29 13:20:00 to 13:25:10": the day of the end only if it is another one.
std::string interval_text(const Interval& interval, const Zone& zone) {
    constexpr std::size_t date_length = 10;
    std::string begin = local_text(interval.begin, zone, true);
    std::string end = local_text(interval.end, zone, true);
    if (end == begin) return begin;
    if (end.compare(0, date_length, begin, 0, date_length) == 0) end.erase(0, date_length + 1);
    return fmt::format("{} to {}", begin, end);
}

}  // namespace

std::vector<LossSum> summed_losses(std::span<const MeterLoss> losses) {
    std::map<LossReason, LossSum> sums;
    for (const MeterLoss& each : losses) {
        LossSum& sum = sums[each.loss.reason];
        sum.reason = each.loss.reason;
        ++sum.losses;
        widen(sum.interval, each.loss.interval);
        sum.has_unknown = sum.has_unknown || !each.loss.packets;
        if (each.loss.packets)
            sum.missed =
                checked_add(sum.missed.value_or(0), *each.loss.packets).value_or(UINT64_MAX);
    }
    std::vector<LossSum> list;
    for (auto& [reason, sum] : sums) list.push_back(sum);
    return list;
}

std::string_view loss_meaning(LossReason reason) {
    switch (reason) {
        case LossReason::kernel_drop:
            return "the ring of the capture was full";
        case LossReason::interface_drop:
            return "the interface dropped packets before the capture";
        case LossReason::not_running:
            return "the meter did not run while the interface counted on";
        case LossReason::truncated:
            return "a source ended within a record";
        case LossReason::corrupt:
            return "a part of a source could not be decoded or believed";
        case LossReason::export_gap:
            return "exports did not arrive";
        case LossReason::socket_drop:
            return "the receive buffer of the socket was full; a later export-gap may be of the "
                   "same "
                   "datagrams";
        case LossReason::no_template:
            return "data sets arrived without their template";
        case LossReason::counter_reset:
            return "a counter began again: what the old one counted at its end is not known";
        case LossReason::event_drop:
            return "events of the kernel were lost";
    }
    CHECK(false);
}

std::string loss_text(const LossSum& sum, const Zone& zone) {
    std::string text =
        fmt::format("{} {}", to_string(sum.reason), counted_text(sum.losses, "time", "times"));
    if (sum.missed)
        text += fmt::format(", {}{} {} at most",
                            sum.has_unknown ? "some without a number, others " : "",
                            count_text(*sum.missed), unit_of(sum.reason));
    if (is_known(sum.interval.begin) && is_known(sum.interval.end))
        text += ", " + interval_text(sum.interval, zone);
    return text;
}

}  // namespace octroi
