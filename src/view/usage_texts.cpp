// SPDX-License-Identifier: GPL-3.0-or-later
// The sentences around a table of usage.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/check.hpp"
#include "view/usage_table.hpp"

namespace octroi {
namespace {

// What the bytes of a layer include.
std::string_view layer_text(Layer layer) {
    switch (layer) {
        case Layer::frame:
            return "Bytes are layer 2: frames with their link headers.";
        case Layer::ip:
            return "Bytes are layer 3: IP header included, link layer not.";
        case Layer::application:
            return "Bytes are layer 7: data of applications, without the headers of packets.";
    }
    CHECK(false);
}

}  // namespace

std::vector<std::string> UsageTable::heading() const {
    std::string first = view_.title;
    if (view_.account) first += " of " + *view_.account;
    first += fmt::format(", {}", period_text(view_.period, view_.zone));
    first += booked_text();
    std::vector<std::string> names;
    for (const UsageKey key : view_.by) names.emplace_back(key_name(key, view_.unit));
    if (view_.names_keys && !names.empty()) first += fmt::format(", by {}", fmt::join(names, ", "));
    if (parts_.layer)
        first += fmt::format(": layer {} ({})", static_cast<int>(block_.layer),
                             layer_name(block_.layer));
    const bool has_excluded = block_.total != block_.totals.whole;
    return {first,
            fmt::format("{} A transfer counts once in the total{}.", layer_text(block_.layer),
                        has_excluded ? ", excluded traffic does not" : "")};
}

// ", booked until 13:55:00": the time only, if it is of the day on which the period ends. A period
// that was over at the last commit has all its figures.
std::string UsageTable::booked_text() const {
    const auto until = view_.state ? view_.state->booked_until : std::nullopt;
    if (!until || *until >= view_.period.end) return "";
    constexpr std::size_t date_length = 10;
    std::string text = local_text(*until, view_.zone, true);
    const std::string end = local_text(view_.period.end, view_.zone, true);
    if (text.compare(0, date_length, end, 0, date_length) == 0) text.erase(0, date_length + 1);
    return ", booked until " + text;
}

std::optional<std::string> UsageTable::loss_note() const {
    if (!view_.state || view_.state->losses.empty()) return std::nullopt;
    std::vector<std::string> texts;
    for (const LossSum& sum : view_.state->losses) texts.push_back(loss_text(sum, view_.zone));
    return fmt::format(
        "Missed in this period, in no figure here: {}. `octroi meters --losses` lists each.",
        fmt::join(texts, "; "));
}

// A bucket belongs to the period in which it begins: --since within a bucket leaves it out.
std::optional<std::string> UsageTable::bucket_note() const {
    const UtcTime begin = view_.period.begin;
    if (!view_.of_buckets || begin == UtcTime::min() || bucket_start(begin) == begin)
        return std::nullopt;
    return fmt::format("The ledger has one figure for every {} minutes: this table begins at {}.",
                       bucket_length.ns / Duration::minutes(1).ns,
                       local_text(bucket_start(begin) + bucket_length, view_.zone));
}

std::optional<std::string> UsageTable::ahead_note() const {
    const auto latest = view_.state ? view_.state->traffic_ahead : std::nullopt;
    if (!latest) return std::nullopt;
    const UtcTime end = bucket_start(*latest) + bucket_length;
    return fmt::format(
        "The ledger also has traffic that its meters date later than this period, up to {}: the "
        "clock of an exporter, of a capture or of this machine was wrong. `--until '{}'` "
        "includes it.",
        local_text(*latest, view_.zone, true), local_text(end, view_.zone));
}

std::vector<std::string> UsageTable::notes() const {
    std::vector<std::string> notes;
    if (block_.left_out > 0 && !block_.rest)
        notes.push_back(fmt::format("{} not shown. The total includes all rows.",
                                    counted_text(block_.left_out, "more row", "more rows")));
    if (const auto note = bucket_note()) notes.push_back(*note);
    if (const auto note = loss_note()) notes.push_back(*note);
    if (const auto note = ahead_note()) notes.push_back(*note);
    if (!view_.account && !view_.is_filtered)
        notes.push_back(conservation_text(block_.totals, view_.units));
    if (block_.estimate.any()) notes.push_back(sampling_note());
    const bool has_unattributed = std::ranges::any_of(
        block_.rows, [](const UsageRow& row) { return row.account == "@unattributed"; });
    if (has_unattributed)
        notes.emplace_back(
            "@unattributed: local addresses without an account; `octroi bind` binds them.");
    return notes;
}

std::string UsageTable::sampling_note() const {
    const Volume& whole = block_.total;
    return fmt::format(
        "Scaled up from samples: {} in {} packets were counted. The error is that of Total at a "
        "confidence of 95 %.",
        bytes_text(whole.bytes.value() - block_.estimate.bytes, view_.units) +
            (view_.units == Units::exact ? " B" : ""),
        count_text(whole.packets.value() - block_.estimate.packets));
}

std::string UsageTable::when_empty() const {
    if (!view_.when_empty.empty()) return view_.when_empty;
    if (view_.is_filtered)
        return "No traffic in this period that the filters select. `octroi usage --by "
               "class,service` shows what there is.";
    if (view_.account)
        return fmt::format("No traffic of {} in this period. `octroi bindings` lists its bindings.",
                           *view_.account);
    if (view_.state && view_.state->traffic_ahead) return "No traffic recorded in this period.";
    if (view_.period.begin == UtcTime::min())
        return "No traffic recorded yet. Run `octroi run` to meter this machine, or "
               "`octroi import packets FILE` to read a capture.";
    return "No traffic recorded in this period. `octroi meters` shows the last traffic of each "
           "meter.";
}

}  // namespace octroi
