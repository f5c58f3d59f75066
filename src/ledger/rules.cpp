// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/unordered/unordered_flat_set.hpp>
#include <map>
#include <tuple>

#include "base/hash.hpp"
#include "record/identity.hpp"

namespace octroi {
namespace {

using Refusal = std::optional<BatchRefusal>;

// 2200-01-01T00:00:00Z. A later time means that the clock is wrong.
constexpr UtcTime booked_at_end = UtcTime::from_seconds(7'258'118'400);

template <typename... Args>
Refusal refuse(Violation violation, fmt::format_string<Args...> text, Args&&... args) {
    return BatchRefusal{violation, fmt::format(text, std::forward<Args>(args)...)};
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool is_free_text(std::string_view text, std::size_t octets_max) {
    return text.size() <= octets_max && std::none_of(text.begin(), text.end(), is_control);
}

// A text from outside in a form that is safe in an error line: without control characters, short.
std::string shown(std::string_view text) {
    std::string out(text.substr(0, 80));
    std::replace_if(out.begin(), out.end(), is_control, '?');
    return text.size() > 80 ? out + "…" : out;
}

Refusal check_header(const Batch& batch) {
    if (!is_name(batch.meter.name) || !is_name(batch.meter.kind))
        return refuse(Violation::meter_name,
                      "the name '{}' or the kind '{}' of the meter is not a valid name",
                      shown(batch.meter.name), shown(batch.meter.kind));
    if (batch.meter.role != MeterRole::bill && batch.meter.role != MeterRole::witness)
        return refuse(Violation::meter_role, "the role {} of the meter is unknown",
                      static_cast<int>(batch.meter.role));
    if (std::find(layers.begin(), layers.end(), batch.meter.layer) == layers.end())
        return refuse(Violation::meter_layer, "the layer {} of the meter is unknown",
                      static_cast<int>(batch.meter.layer));
    if (batch.booked_at < UtcTime{} || batch.booked_at >= booked_at_end)
        return refuse(Violation::booked_at,
                      "the time of booking {} is not within 1970 to 2199: the clock is wrong",
                      to_rfc3339(batch.booked_at));
    if (!is_free_text(batch.class_version, name_octets_max))
        return refuse(Violation::class_version,
                      "the version '{}' of the class table is not a valid name",
                      shown(batch.class_version));
    if (batch.directory_version > figure_max)
        return refuse(Violation::directory_version, "the version {} of the directory is too large",
                      batch.directory_version);
    return std::nullopt;
}

// An account has a name that the command line accepts. '@' marks parties of Octroi, so a class of
// the outside world must not begin with it.
bool party_name_fits(const Party& party) {
    switch (party.kind) {
        case PartyKind::account:
            return is_account_name(party.name);
        case PartyKind::unattributed:
            return party.name.empty();
        case PartyKind::outside:
            return is_name(party.name) && party.name.front() != '@';
        case PartyKind::excluded:
            return is_name(party.name);
    }
    return false;
}

struct PartyHash {
    std::size_t operator()(const Party* party) const noexcept {
        const std::hash<std::string_view> text;
        const std::uint64_t name =
            mix(text(party->name) + static_cast<unsigned>(party->kind), mix_a);
        return mix(text(party->identity) ^ mix_b, name ^ mix_c);
    }
};
struct PartyEqual {
    bool operator()(const Party* a, const Party* b) const noexcept { return *a == *b; }
};

Refusal check_party(const Batch& batch) {
    // Strictly ascending parties contain no duplicate, and producers mostly deliver them so. A set
    // is only filled from the first party on that is not greater than the one before it.
    boost::unordered_flat_set<const Party*, PartyHash, PartyEqual> seen;
    bool ascending = true;
    for (std::size_t i = 0; i < batch.parties.size(); ++i) {
        const Party& party = batch.parties[i];
        if (party.kind < PartyKind::account || party.kind > PartyKind::excluded)
            return refuse(Violation::party_kind, "party '{}' has the unknown kind {}",
                          shown(party.name), static_cast<int>(party.kind));
        if (!party_name_fits(party))
            return refuse(Violation::party_name,
                          "party '{}': a party of kind {} cannot have this name", shown(party.name),
                          static_cast<int>(party.kind));
        if (!is_free_text(party.identity, identity_text_octets_max) ||
            (party.kind == PartyKind::outside && !party.identity.empty()))
            return refuse(Violation::party_identity, "party '{}' has the invalid identity '{}'",
                          shown(to_string(party)), shown(party.identity));
        if (ascending && i > 0 && !(batch.parties[i - 1] < party)) {
            ascending = false;
            seen.reserve(batch.parties.size());
            for (std::size_t before = 0; before < i; ++before) seen.insert(&batch.parties[before]);
        }
        if (!ascending && !seen.insert(&party).second)
            return refuse(Violation::party_twice, "party '{}' ('{}') is listed twice",
                          to_string(party), party.identity);
    }
    return std::nullopt;
}

Refusal check_service(const Batch& batch) {
    boost::unordered_flat_set<std::string_view> seen;
    for (const std::string& service : batch.services) {
        if (!is_name(service))
            return refuse(Violation::service_name, "service '{}' is not a valid name",
                          shown(service));
        if (!seen.insert(service).second)
            return refuse(Violation::service_twice, "service '{}' is listed twice", service);
    }
    return std::nullopt;
}

bool fits(const Volume& v) {
    return v.bytes.value() <= figure_max && v.packets.value() <= figure_max &&
           v.flows.value() <= figure_max;
}

// A batch has at most one transfer for each key: otherwise the same traffic would have several
// canonical forms.
auto key_of(const Transfer& t) { return std::tie(t.bucket, t.from, t.to, t.service); }

Refusal check_transfers(const Batch& batch, const std::vector<Transfer>& transfers) {
    const std::size_t parties = batch.parties.size();
    const Transfer* previous = nullptr;
    for (const Transfer& t : transfers) {
        const auto row = &t - transfers.data();
        if (t.from >= parties || t.to >= parties || t.service >= batch.services.size())
            return refuse(Violation::index_range,
                          "transfer {} refers to a party or service that the batch does not have",
                          row);
        if (t.bucket.ns % bucket_length.ns != 0)
            return refuse(Violation::bucket_alignment,
                          "transfer {} has the time {}, which is not the start of a bucket", row,
                          to_rfc3339(t.bucket, 9));
        if (!fits(t.volume))
            return refuse(Violation::figure_range, "transfer {} has a figure above 2^63-1", row);
        if (previous != nullptr && key_of(t) == key_of(*previous))
            return refuse(Violation::transfer_twice,
                          "transfers {} and {} have the same bucket, parties and service", row - 1,
                          row);
        if (previous != nullptr && key_of(t) < key_of(*previous))
            return refuse(Violation::transfer_order, "transfers {} and {} are not in order",
                          row - 1, row);
        previous = &t;
    }
    return std::nullopt;
}

Refusal check_transfer(const Batch& batch) {
    if (auto refusal = check_transfers(batch, batch.transfers)) return refusal;
    if (!batch.correction) return std::nullopt;
    return check_transfers(batch, batch.correction->removed);
}

// The counted part cannot exceed the volume of its transfer. If it is the whole volume, nothing was
// scaled up and the row must not exist: otherwise the same batch could have two canonical forms.
bool counted_fits(const SampledVolume& row, const Volume& volume) {
    return row.bytes <= volume.bytes && row.packets <= volume.packets &&
           (row.bytes != volume.bytes || row.packets != volume.packets);
}

Refusal check_sampled(const std::vector<Transfer>& transfers,
                      const std::vector<SampledVolume>& sampled) {
    const SampledVolume* previous = nullptr;
    for (const SampledVolume& row : sampled) {
        if (row.transfer >= transfers.size())
            return refuse(Violation::sampled_index,
                          "sampled counts refer to transfer {}, which the batch does not have",
                          row.transfer);
        if (previous != nullptr && row.transfer <= previous->transfer)
            return refuse(Violation::sampled_order,
                          "the sampled counts of transfers {} and {} are not in order",
                          previous->transfer, row.transfer);
        if (!counted_fits(row, transfers[row.transfer].volume))
            return refuse(Violation::sampled_counted,
                          "the sampled counts of transfer {} are not below its volume",
                          row.transfer);
        if (row.bytes_variance > variance_max || row.packets_variance > variance_max)
            return refuse(Violation::sampled_variance,
                          "the variance of transfer {} is above 2^63-1", row.transfer);
        previous = &row;
    }
    return std::nullopt;
}

Refusal check_sampled(const Batch& batch) {
    if (auto refusal = check_sampled(batch.transfers, batch.sampled)) return refusal;
    if (!batch.correction) return std::nullopt;
    return check_sampled(batch.correction->removed, batch.correction->removed_sampled);
}

Refusal check_cursor(const Batch& batch) {
    boost::unordered_flat_set<std::string_view> seen;
    for (const Cursor& cursor : batch.cursors) {
        if (!is_name(cursor.source, source_octets_max))
            return refuse(Violation::cursor_source,
                          "the source '{}' of a cursor is not a valid name", shown(cursor.source));
        if (!seen.insert(cursor.source).second)
            return refuse(Violation::cursor_twice, "the cursor of '{}' is listed twice",
                          shown(cursor.source));
        if (cursor.position.size() > position_octets_max || cursor.note.size() > note_octets_max)
            return refuse(Violation::cursor_size,
                          "the cursor of '{}' has {} octets of position and {} of note; the limits "
                          "are {} and {}",
                          shown(cursor.source), cursor.position.size(), cursor.note.size(),
                          position_octets_max, note_octets_max);
        if (cursor.version < 1 || cursor.version > figure_max)
            return refuse(Violation::cursor_version,
                          "the cursor of '{}' has version {}; versions are 1 to 2^63-1",
                          shown(cursor.source), cursor.version);
    }
    return std::nullopt;
}

Refusal check_loss(const Batch& batch) {
    for (const Loss& loss : batch.losses) {
        if (!is_name(loss.source, source_octets_max))
            return refuse(Violation::loss_source, "the source '{}' of a loss is not a valid name",
                          shown(loss.source));
        if (loss.reason < LossReason::kernel_drop || loss.reason > last_loss_reason)
            return refuse(Violation::loss_reason, "the loss of '{}' has the unknown reason {}",
                          shown(loss.source), static_cast<int>(loss.reason));
        if (loss.interval.end < loss.interval.begin)
            return refuse(Violation::loss_interval, "the loss of '{}' ends before it begins",
                          shown(loss.source));
        if (loss.packets.value_or(0) > figure_max || loss.bytes_bound.value_or(0) > figure_max)
            return refuse(Violation::loss_figure, "the loss of '{}' has a figure above 2^63-1",
                          shown(loss.source));
    }
    return std::nullopt;
}

// At most one entry for each mapping: the end is not part of the key, so the same mapping with and
// without an end would be two statements about one thing.
Refusal check_translation(const Batch& batch) {
    std::vector<const Translation*> sorted;
    for (const Translation& t : batch.translations) {
        if (t.outside.empty() || t.inside.empty())
            return refuse(Violation::translation_address,
                          "a translation of '{}' has no outside or no inside address",
                          to_string(t.outside));
        if (t.first_port > t.last_port || t.port_step == 0)
            return refuse(Violation::translation_ports,
                          "the translation of {} has the ports {} to {} in steps of {}",
                          to_string(t.outside), t.first_port, t.last_port, t.port_step);
        if (t.valid.end < t.valid.begin)
            return refuse(Violation::translation_interval,
                          "the translation of {} ends before it begins", to_string(t.outside));
        sorted.push_back(&t);
    }
    std::sort(sorted.begin(), sorted.end(),
              [](const Translation* a, const Translation* b) { return *a < *b; });
    const auto twice = std::adjacent_find(
        sorted.begin(), sorted.end(),
        [](const Translation* a, const Translation* b) { return is_same_but_for_end(*a, *b); });
    if (twice == sorted.end()) return std::nullopt;
    return refuse(Violation::translation_twice, "the translation of {} is listed twice",
                  to_string((*twice)->outside));
}

// Who held an address from when on. Sorted, so that the same events have one canonical form.
Refusal check_identities(const Batch& batch) {
    const IdentityEvent* previous = nullptr;
    for (const IdentityEvent& event : batch.identities) {
        const std::string held = shown(event.held.value);
        if (!is_held_kind(event.held.kind) || !is_canonical(event.held))
            return refuse(Violation::identity_held,
                          "'{}' is no address, prefix or MAC address that somebody can hold", held);
        if (event.is_held() && !is_canonical(event.holder))
            return refuse(Violation::identity_holder, "the holder '{}' of {} is not canonical",
                          shown(event.holder.value), held);
        if (!event.is_held() && event.holder != IdentityEvent().holder)
            return refuse(Violation::identity_holder, "the absent holder of {} has a kind", held);
        if (event.until <= event.at)
            return refuse(Violation::identity_interval, "{} is held until {}, before it begins",
                          held, to_rfc3339(event.until));
        if (previous != nullptr && event <= *previous)
            return refuse(Violation::identity_order,
                          "the events of {} and {} are not in order, or one is listed twice",
                          shown(previous->held.value), held);
        previous = &event;
    }
    if (batch.identities_known > figure_max)
        return refuse(Violation::identities_known, "the number {} of the newest event is too large",
                      batch.identities_known);
    return std::nullopt;
}

// The promise of the ledger: every byte that the meter observed is in exactly one transfer.
Refusal check_conservation(const Batch& batch) {
    if (!fits(batch.observed))
        return refuse(Violation::figure_range, "the observed volume has a figure above 2^63-1");
    if (batch.correction) return std::nullopt;
    const auto sum = sum_of(batch.transfers);
    if (!sum) return BatchRefusal{Violation::sum_overflow, sum.error().text};
    if (*sum != batch.observed)
        return refuse(Violation::conservation,
                      "the transfers add up to {} bytes, {} packets, {} flows, but the meter "
                      "observed {} bytes, {} packets, {} flows",
                      sum->bytes.value(), sum->packets.value(), sum->flows.value(),
                      batch.observed.bytes.value(), batch.observed.packets.value(),
                      batch.observed.flows.value());
    return std::nullopt;
}

// The volume of a bucket, and its counted part.
struct BucketSum {
    Volume volume;
    Bytes counted_bytes;
    Packets counted_packets;

    bool operator==(const BucketSum&) const = default;
};
using BucketSums = std::map<UtcTime, BucketSum>;

// nullopt: a sum exceeds 64 bits.
std::optional<BucketSums> sum_by_bucket(const std::vector<Transfer>& transfers,
                                        const std::vector<SampledVolume>& sampled) {
    BucketSums sums;
    auto counts = sampled.begin();
    for (std::uint32_t i = 0; i < transfers.size(); ++i) {
        const Transfer& t = transfers[i];
        BucketSum& sum = sums[t.bucket];
        const bool is_sampled = counts != sampled.end() && counts->transfer == i;
        const Bytes bytes = is_sampled ? counts->bytes : t.volume.bytes;
        const Packets packets = is_sampled ? counts->packets : t.volume.packets;
        if (is_sampled) ++counts;
        const auto volume = checked_sum(sum.volume, t.volume);
        const auto counted_bytes = checked_add(sum.counted_bytes.value(), bytes.value());
        const auto counted_packets = checked_add(sum.counted_packets.value(), packets.value());
        if (!volume || !counted_bytes || !counted_packets) return std::nullopt;
        sum = {*volume, Bytes{*counted_bytes}, Packets{*counted_packets}};
    }
    return sums;
}

Refusal check_corrected_rows(const Correction& correction, const std::vector<Transfer>& transfers) {
    for (const Transfer& t : transfers) {
        if (!correction.corrected.contains(t.bucket))
            return refuse(Violation::correction_interval,
                          "the correction of {} to {} has a transfer of {}",
                          to_rfc3339(correction.corrected.begin),
                          to_rfc3339(correction.corrected.end), to_rfc3339(t.bucket));
        if (t.volume == Volume{})
            return refuse(Violation::correction_row, "the correction has a transfer of nothing");
    }
    return std::nullopt;
}

// A correction moves volume and neither adds nor removes any.
Refusal check_correction(const Batch& batch) {
    if (!batch.correction) return std::nullopt;
    const Correction& correction = *batch.correction;
    if (!is_name(correction.reason))
        return refuse(Violation::correction_reason, "the reason '{}' is not valid",
                      shown(correction.reason));
    if (!batch.cursors.empty() || !batch.losses.empty() || !batch.translations.empty() ||
        !batch.identities.empty() || batch.observed != Volume{} || batch.last_traffic)
        return refuse(Violation::correction_lists,
                      "a correction observes nothing: no volume, time of traffic, cursor, loss, "
                      "translation or identity");
    if (correction.corrected.begin >= correction.corrected.end)
        return refuse(Violation::correction_interval, "the corrected interval is empty");
    if (auto refusal = check_corrected_rows(correction, batch.transfers)) return refusal;
    if (auto refusal = check_corrected_rows(correction, correction.removed)) return refusal;
    const auto added = sum_by_bucket(batch.transfers, batch.sampled);
    const auto removed = sum_by_bucket(correction.removed, correction.removed_sampled);
    if (!added || !removed)
        return refuse(Violation::sum_overflow, "a sum of volumes exceeds 64 bits");
    if (*added != *removed)
        return refuse(Violation::correction_balance,
                      "the correction adds other volumes to a bucket than it removes");
    return std::nullopt;
}

}  // namespace

bool is_name(std::string_view text, std::size_t octets_max) {
    return !text.empty() && is_free_text(text, octets_max);
}

Result<Volume> checked_sum(const Volume& a, const Volume& b) {
    const auto bytes = checked_add(a.bytes.value(), b.bytes.value());
    const auto packets = checked_add(a.packets.value(), b.packets.value());
    const auto flows = checked_add(a.flows.value(), b.flows.value());
    if (!bytes || !packets || !flows)
        return fail(ErrorCode::over_limit, "a sum of volumes exceeds 64 bits");
    return Volume{Bytes{*bytes}, Packets{*packets}, Flows{*flows}};
}

Result<Volume> sum_of(const std::vector<Transfer>& transfers) {
    Volume sum;
    for (const Transfer& t : transfers) {
        TRY_ASSIGN(sum, checked_sum(sum, t.volume));
    }
    return sum;
}

std::optional<BatchRefusal> find_violation(const Batch& batch) {
    // In the order of Violation. A rule may rely on those before it: check_sampled, for example, on
    // transfers with valid indices.
    for (const auto rule :
         {check_header, check_party, check_service, check_transfer, check_sampled, check_cursor,
          check_loss, check_translation, check_identities, check_conservation, check_correction})
        if (auto refusal = rule(batch)) return refusal;
    return std::nullopt;
}

Status check_batch(const Batch& batch) {
    const auto refusal = find_violation(batch);
    if (!refusal) return {};
    return fail(ErrorCode::invalid, fmt::format("batch {} of meter '{}': {}", to_string(batch.id),
                                                shown(batch.meter.name), refusal->text));
}

}  // namespace octroi
