// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/precedence.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/id.hpp"
#include "config/same_bytes.hpp"
#include "host/log.hpp"
#include "host/random.hpp"
#include "ledger/chain.hpp"

namespace octroi {
namespace {

// The source of the cursor, stored in ledgers. Its position: "packets", "none" (the meter has no
// relation any more), or "log", the moment in nanoseconds since 1970 from which the log is charged,
// the digest of the relation, and that of the format of the log. Positions without one of the
// digests are those of earlier versions.
constexpr std::string_view precedence_source = "precedence";
constexpr std::string_view paths_option = "paths";
// A meter with a new name goes on where the old one stopped if it reads the same format.
constexpr std::array<std::string_view, 6> format_options{
    "format", "log_format", "nginx_format", "squid_format", "haproxy_format", "fields"};

enum class Charged { none, packets, log };

struct Record {
    Charged charged = Charged::none;
    UtcTime since = UtcTime::min();  // of Charged::log
    std::string digest;              // of Charged::log; empty: an earlier version wrote it
    std::string format;              // likewise: a digest
};

std::string to_text(const Record& record) {
    if (record.charged == Charged::none) return "none";
    if (record.charged == Charged::packets) return "packets";
    return fmt::format("log {} {} {}", record.since.ns, record.digest, record.format);
}

Result<Record> parse_record(std::string_view text) {
    if (text == "none") return Record{};
    if (text == "packets") return Record{.charged = Charged::packets, .digest = {}, .format = {}};
    Record record{.charged = Charged::log, .digest = {}, .format = {}};
    if (text.starts_with("log ")) {
        const std::string_view rest = text.substr(4);
        const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), record.since.ns);
        const std::string_view digest =
            rest.substr(static_cast<std::size_t>(read.ptr - rest.data()));
        if (read.ec == std::errc() && (digest.empty() || digest.starts_with(' '))) {
            const std::string_view digests = digest.empty() ? digest : digest.substr(1);
            const std::size_t end = std::min(digests.find(' '), digests.size());
            record.digest = digests.substr(0, end);
            record.format = digests.substr(std::min(end + 1, digests.size()));
            return record;
        }
    }
    return fail(ErrorCode::corrupt,
                fmt::format("ledger: the cursor '{}' has the position '{}', which this version "
                            "does not know; next: use the version of octroi that wrote it",
                            precedence_source, text));
}

constexpr std::size_t digest_octets = 16;

// The values of the relation that decide which traffic is a duplicate. Their order is not in it.
std::string digest_of(const MeterConfig& log, const SameBytes& relation) {
    std::vector<std::string> addresses;
    for (const Prefix& prefix : relation.addresses) addresses.push_back(to_string(prefix));
    std::vector<std::string> paths;
    if (log.options.contains(paths_option)) paths = log.options.texts(paths_option);
    Hasher hasher;
    for (auto list : {relation.packet_meters, addresses, relation.services, paths}) {
        std::ranges::sort(list);
        hasher.be64(list.size());
        for (const std::string& text : list) hasher.text(text);
    }
    return to_hex(hasher.finish().substr(0, digest_octets));
}

std::string format_digest_of(const MeterConfig& log) {
    Hasher hasher;
    for (const std::string_view key : format_options)
        hasher.text(log.options.contains(key) ? log.options.text(key) : std::string());
    return to_hex(hasher.finish().substr(0, digest_octets));
}

// What the configuration says, without the moment.
Record configured_record(const Config& config, const SameBytes& relation) {
    if (relation.precedence == Precedence::packets)
        return {.charged = Charged::packets, .digest = {}, .format = {}};
    const auto log = std::ranges::find(config.meters, relation.log, &MeterConfig::name);
    return {.charged = Charged::log,
            .digest = digest_of(*log, relation),
            .format = format_digest_of(*log)};
}

bool is_same_relation(const Record& known, const Record& configured) {
    return known.charged == configured.charged &&
           (known.digest.empty() || known.digest == configured.digest);
}

Result<std::vector<Store::MeterCursor>> precedence_cursors(Store& store) {
    TRY_ASSIGN(auto cursors, store.cursors(precedence_source));
    std::erase_if(cursors, [](const auto& c) { return c.cursor.source != precedence_source; });
    return cursors;
}

const Cursor* cursor_of(const std::vector<Store::MeterCursor>& cursors, const std::string& meter) {
    const auto found = std::ranges::find(cursors, meter, &Store::MeterCursor::meter);
    return found == cursors.end() ? nullptr : &found->cursor;
}

bool has_relation(const std::vector<SameBytes>& relations, const std::string& meter) {
    return std::ranges::find(relations, meter, &SameBytes::log) != relations.end();
}

bool is_configured(const Config& config, const std::string& meter) {
    return std::ranges::find(config.meters, meter, &MeterConfig::name) != config.meters.end();
}

// The record of a log that has a new name in the configuration: the same relation, of a meter that
// is configured no longer. Null: there is none, or there are several.
Result<const Store::MeterCursor*> renamed_cursor(const std::vector<Store::MeterCursor>& cursors,
                                                 const Config& config, const Record& configured) {
    const Store::MeterCursor* renamed = nullptr;
    for (const Store::MeterCursor& known : cursors) {
        if (is_configured(config, known.meter)) continue;
        TRY_ASSIGN(const Record record, parse_record(known.cursor.position));
        if (record.charged != Charged::log || configured.charged != Charged::log ||
            record.digest != configured.digest || record.format != configured.format)
            continue;
        if (renamed != nullptr) return nullptr;
        renamed = &known;
    }
    return renamed;
}

// A meter that is a witness now may have been charged before. Then its last traffic counts as
// charged: the moment may be too late, so that lines are not charged, but nothing is charged twice.
Result<bool> was_ever_charged(Query& query, const MeterState& state) {
    if (state.last_traffic == UtcTime::min()) return false;
    if (state.meter.role == MeterRole::bill) return true;
    SumQuestion question;
    question.meter = state.meter.name;
    question.role = MeterRole::bill;
    TRY_ASSIGN(const auto sums, query.sums(question));
    return !sums.empty();
}

// Whether the ledger's meter may be one of `meters` under an earlier name: one of its kind that is
// configured no longer.
bool may_be_renamed(const Config& config, const std::vector<std::string>& meters,
                    const MeterName& known) {
    if (is_configured(config, known.name)) return false;
    return std::ranges::any_of(config.meters, [&](const MeterConfig& meter) {
        return meter.kind == known.kind && std::ranges::find(meters, meter.name) != meters.end();
    });
}

// The end of the last bucket in which one of the meters was charged, under its name or an earlier
// one; min: none ever was.
Result<UtcTime> charged_until(const Config& config, Query& query,
                              const std::vector<std::string>& meters) {
    TRY_ASSIGN(const auto states, query.meters());
    UtcTime last = UtcTime::min();
    for (const MeterState& state : states) {
        const bool is_named = std::ranges::find(meters, state.meter.name) != meters.end();
        if (!is_named && !may_be_renamed(config, meters, state.meter)) continue;
        TRY_ASSIGN(const bool was_charged, was_ever_charged(query, state));
        if (was_charged) last = std::max(last, state.last_traffic);
    }
    return last == UtcTime::min() ? last : bucket_start(last) + bucket_length;
}

// A meter that is configured no longer has the name that the ledger knows.
Result<MeterName> name_of(const Config& config, MeterKinds kinds, Query& query,
                          const std::string& meter) {
    const auto found = std::ranges::find(config.meters, meter, &MeterConfig::name);
    if (found == config.meters.end()) {
        TRY_ASSIGN(const auto states, query.meters());
        for (const MeterState& state : states)
            if (state.meter.name == meter) return state.meter;
        return fail(ErrorCode::corrupt,
                    fmt::format("ledger: there is a cursor of the meter '{}', and no such meter; "
                                "next: octroi audit",
                                meter));
    }
    const MeterKind* kind = find_kind(kinds, found->kind);
    const bool is_witness =
        found->role == RoleChoice::witness || is_witness_by_precedence(config, meter);
    return MeterName{meter, found->kind, is_witness ? MeterRole::witness : MeterRole::bill,
                     kind != nullptr ? kind->layer : Layer::application};
}

void log_change(const SameBytes& relation, const Record& record) {
    const std::string meters = fmt::format("{}", fmt::join(relation.packet_meters, ", "));
    if (record.charged == Charged::packets)
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

std::string_view note_of(const Record& record) {
    if (record.charged == Charged::none) return "precedence: none";
    return record.charged == Charged::log ? "precedence: log" : "precedence: packets";
}

Status commit_record(const Record& record, const Cursor* known, MeterName meter, Ledger& ledger,
                     UtcTime now) {
    Cursor cursor = known != nullptr ? *known : Cursor{.source = std::string(precedence_source)};
    cursor.position = to_text(record);
    cursor.note = note_of(record);
    ++cursor.version;
    Batch batch;
    batch.id = random_batch_id();
    batch.meter = std::move(meter);
    batch.booked_at = now;
    batch.cursors.push_back(std::move(cursor));
    TRY(ledger.commit(batch));
    return {};
}

// Puts what the configuration says into the ledger; a relation that is new or has changed begins
// at a new moment.
Result<Record> put_record(const SameBytes& relation, const std::vector<Store::MeterCursor>& cursors,
                          const Config& config, MeterKinds kinds, Ledger& ledger, UtcTime now) {
    Record record = configured_record(config, relation);
    const Cursor* known = cursor_of(cursors, relation.log);
    Record before;
    if (known != nullptr) {
        TRY_ASSIGN(before, parse_record(known->position));
    }
    bool is_new = !is_same_relation(before, record);
    TRY_ASSIGN(const Store::MeterCursor* const renamed, renamed_cursor(cursors, config, record));
    if (before.charged == Charged::none && renamed != nullptr) {
        // Lines that were not read before the change of the name are charged as they would have
        // been: their packets are duplicates already.
        TRY_ASSIGN(before, parse_record(renamed->cursor.position));
        is_new = false;
        log_info(
            fmt::format("meter {}: has the precedence that {} had", relation.log, renamed->meter));
    } else if (!is_new && to_text(before) == to_text({.charged = record.charged,
                                                      .since = before.since,
                                                      .digest = record.digest,
                                                      .format = record.format})) {
        return before;
    }
    record.since = is_new ? UtcTime::min() : before.since;
    if (is_new && record.charged == Charged::log) {
        TRY_ASSIGN(record.since, charged_until(config, ledger, relation.packet_meters));
        // Before the moment of the relation so far, other meters may have charged the packets.
        if (before.charged == Charged::log) record.since = std::max(record.since, before.since);
    }
    TRY_ASSIGN(MeterName meter, name_of(config, kinds, ledger, relation.log));
    TRY(commit_record(record, known, std::move(meter), ledger, now));
    if (is_new) log_change(relation, record);
    return record;
}

// A relation that is not configured ends: if it comes back, it begins at a new moment, because the
// packets were charged in between.
Status end_relation(const Store::MeterCursor& known, const Config& config, MeterKinds kinds,
                    Ledger& ledger, UtcTime now) {
    TRY_ASSIGN(const Record before, parse_record(known.cursor.position));
    if (before.charged == Charged::none) return {};
    TRY_ASSIGN(MeterName meter, name_of(config, kinds, ledger, known.meter));
    TRY(commit_record({}, &known.cursor, std::move(meter), ledger, now));
    log_info(fmt::format("meter {}: has no relation to other meters any more", known.meter));
    return {};
}

Status refuse_other_relation(const std::string& meter, std::string_view difference) {
    return fail(
        ErrorCode::conflict,
        fmt::format("meter {}: {}, so the same bytes could be charged twice; next: give the "
                    "configuration of the daemon with --config, or start octroi run once "
                    "with this one",
                    meter, difference));
}

bool is_charged(const Config& config, const std::string& meter) {
    const auto found = std::ranges::find(config.meters, meter, &MeterConfig::name);
    return found != config.meters.end() && found->role == RoleChoice::bill;
}

void add_duplicates(const Config& config, const SameBytes& relation, const Record& record,
                    DuplicatesByMeter& duplicates) {
    if (record.charged != Charged::log) return;
    for (const std::string& meter : relation.packet_meters)
        if (is_charged(config, meter))
            duplicates[meter].push_back({.ends = relation.addresses,
                                         .services = relation.services,
                                         .times = {record.since, UtcTime::max()}});
    if (record.since > UtcTime::min())
        duplicates[relation.log].push_back(
            {.ends = {}, .services = {}, .times = {UtcTime::min(), record.since}});
}

DuplicatesPtr duplicates_ptr(const std::vector<SameBytes>& relations,
                             DuplicatesByMeter duplicates) {
    if (relations.empty()) return nullptr;
    return std::make_shared<const DuplicatesByMeter>(std::move(duplicates));
}

}  // namespace

Result<DuplicatesPtr> put_precedence(const Config& config, MeterKinds kinds, Ledger& ledger,
                                     UtcTime now) {
    const auto relations = same_bytes_of(config);
    TRY_ASSIGN(const auto cursors, precedence_cursors(ledger));
    DuplicatesByMeter duplicates;
    for (const SameBytes& relation : relations) {
        TRY_ASSIGN(const Record record, put_record(relation, cursors, config, kinds, ledger, now));
        add_duplicates(config, relation, record, duplicates);
    }
    // After the new records: a kill in between leaves both, and the next start ends the old one.
    for (const Store::MeterCursor& known : cursors)
        if (!has_relation(relations, known.meter))
            TRY(end_relation(known, config, kinds, ledger, now));
    return duplicates_ptr(relations, std::move(duplicates));
}

Result<DuplicatesPtr> read_precedence(const Config& config, Store& store) {
    const auto relations = same_bytes_of(config);
    TRY_ASSIGN(const auto cursors, precedence_cursors(store));
    for (const Store::MeterCursor& known : cursors) {
        TRY_ASSIGN(const Record record, parse_record(known.cursor.position));
        if (record.charged != Charged::none && !has_relation(relations, known.meter))
            TRY(refuse_other_relation(known.meter,
                                      "the ledger relates it to other meters "
                                      "(same_bytes_as), which the configuration does not have"));
    }
    DuplicatesByMeter duplicates;
    for (const SameBytes& relation : relations) {
        const Record configured = configured_record(config, relation);
        Record record;
        if (const Cursor* known = cursor_of(cursors, relation.log); known != nullptr) {
            TRY_ASSIGN(record, parse_record(known->position));
        }
        // Without a record the packets have precedence: nothing is a duplicate.
        if (record.charged == Charged::none && configured.charged == Charged::packets) continue;
        if (!is_same_relation(record, configured))
            TRY(refuse_other_relation(relation.log,
                                      record.charged == Charged::none
                                          ? "the ledger does not have its relation to other "
                                            "meters (same_bytes_as, precedence) yet"
                                          : "the ledger relates it in another way to other meters "
                                            "than the configuration (precedence, same_bytes_as, "
                                            "addresses, services or paths)"));
        add_duplicates(config, relation, record, duplicates);
    }
    return duplicates_ptr(relations, std::move(duplicates));
}

}  // namespace octroi
