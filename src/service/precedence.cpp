// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/precedence.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "config/same_bytes.hpp"
#include "host/log.hpp"
#include "host/random.hpp"

namespace octroi {
namespace {

// The source of the cursor, stored in ledgers. Its position: "packets", or "log" and the moment in
// nanoseconds since 1970 from which the log is charged.
constexpr std::string_view precedence_source = "precedence";

struct Record {
    Precedence precedence = Precedence::packets;
    UtcTime since = UtcTime::min();  // of Precedence::log
};

std::string to_text(const Record& record) {
    return record.precedence == Precedence::packets ? "packets"
                                                    : fmt::format("log {}", record.since.ns);
}

Result<Record> parse_record(std::string_view text) {
    if (text == "packets") return Record{};
    Record record{.precedence = Precedence::log};
    if (text.starts_with("log ")) {
        const std::string_view digits = text.substr(4);
        const auto read =
            std::from_chars(digits.data(), digits.data() + digits.size(), record.since.ns);
        if (read.ec == std::errc() && read.ptr == digits.data() + digits.size()) return record;
    }
    return fail(ErrorCode::corrupt,
                fmt::format("ledger: the cursor '{}' has the position '{}', which this version "
                            "does not know; next: use the version of octroi that wrote it",
                            precedence_source, text));
}

Result<std::optional<Cursor>> cursor_of(Store& store, const std::string& meter) {
    TRY_ASSIGN(auto cursors, store.cursors(precedence_source));
    for (auto& entry : cursors)
        if (entry.meter == meter && entry.cursor.source == precedence_source)
            return std::move(entry.cursor);
    return std::nullopt;
}

// The end of the last bucket in which one of the meters was charged; min: none ever was.
Result<UtcTime> charged_until(Query& query, const std::vector<std::string>& meters) {
    TRY_ASSIGN(const auto states, query.meters());
    UtcTime last = UtcTime::min();
    for (const MeterState& state : states)
        if (state.meter.role == MeterRole::bill &&
            std::ranges::find(meters, state.meter.name) != meters.end())
            last = std::max(last, state.last_traffic);
    return last == UtcTime::min() ? last : bucket_start(last) + bucket_length;
}

MeterName name_of(const Config& config, MeterKinds kinds, const std::string& meter) {
    const auto found = std::ranges::find(config.meters, meter, &MeterConfig::name);
    const MeterKind* kind = find_kind(kinds, found->kind);
    const bool is_witness =
        found->role == RoleChoice::witness || is_witness_by_precedence(config, meter);
    return {meter, found->kind, is_witness ? MeterRole::witness : MeterRole::bill,
            kind != nullptr ? kind->layer : Layer::application};
}

void log_change(const SameBytes& relation, const Record& record) {
    const std::string meters = fmt::format("{}", fmt::join(relation.packet_meters, ", "));
    if (record.precedence == Precedence::packets)
        return log_info(
            fmt::format("meter {}: a witness from now on; the packets of {} are charged",
                        relation.log, meters));
    const bool is_from_begin = record.since == UtcTime::min();
    log_info(fmt::format(
        "meter {}: charged {}; the packets of {} at its addresses are @excluded/duplicate",
        relation.log,
        is_from_begin ? std::string("from the first line on") : "from " + to_rfc3339(record.since),
        meters));
}

Result<Record> put_record(const SameBytes& relation, const MeterName& meter, Ledger& ledger,
                          UtcTime now) {
    TRY_ASSIGN(auto known, cursor_of(ledger, relation.log));
    if (known) {
        TRY_ASSIGN(const Record record, parse_record(known->position));
        if (record.precedence == relation.precedence) return record;
    }
    Record record{.precedence = relation.precedence};
    if (record.precedence == Precedence::log) {
        TRY_ASSIGN(record.since, charged_until(ledger, relation.packet_meters));
    }
    Cursor cursor = known.value_or(Cursor{.source = std::string(precedence_source)});
    cursor.position = to_text(record);
    cursor.note =
        fmt::format("precedence: {}", record.precedence == Precedence::log ? "log" : "packets");
    ++cursor.version;
    Batch batch;
    batch.id = random_batch_id();
    batch.meter = meter;
    batch.booked_at = now;
    batch.cursors.push_back(std::move(cursor));
    TRY(ledger.commit(batch));
    log_change(relation, record);
    return record;
}

bool is_charged(const Config& config, const std::string& meter) {
    const auto found = std::ranges::find(config.meters, meter, &MeterConfig::name);
    return found != config.meters.end() && found->role == RoleChoice::bill;
}

}  // namespace

Result<DuplicatesPtr> put_precedence(const Config& config, MeterKinds kinds, Ledger& ledger,
                                     UtcTime now) {
    const auto relations = same_bytes_of(config);
    if (relations.empty()) return nullptr;
    DuplicatesByMeter duplicates;
    for (const SameBytes& relation : relations) {
        TRY_ASSIGN(const Record record,
                   put_record(relation, name_of(config, kinds, relation.log), ledger, now));
        if (record.precedence == Precedence::packets) continue;
        for (const std::string& meter : relation.packet_meters)
            if (is_charged(config, meter))
                duplicates[meter].push_back({.ends = relation.addresses,
                                             .services = relation.services,
                                             .times = {record.since, UtcTime::max()}});
        if (record.since > UtcTime::min())
            duplicates[relation.log].push_back(
                {.ends = {}, .services = {}, .times = {UtcTime::min(), record.since}});
    }
    return std::make_shared<const DuplicatesByMeter>(std::move(duplicates));
}

}  // namespace octroi
