// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/unordered/unordered_flat_set.hpp>
#include <tuple>

#include "base/hash.hpp"
#include "record/identity.hpp"

namespace octroi {
namespace {

using Refusal = std::optional<BatchRefusal>;

// 2200-01-01T00:00:00Z: a clock beyond it is broken.
constexpr UtcTime booked_at_end = UtcTime::from_seconds(7'258'118'400);

template <typename... Args>
Refusal refuse(Violation breach, fmt::format_string<Args...> text, Args&&... args) {
    return BatchRefusal{breach, fmt::format(text, std::forward<Args>(args)...)};
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool is_free_text(std::string_view text, std::size_t octets_max) {
    return text.size() <= octets_max && std::none_of(text.begin(), text.end(), is_control);
}

// A text that may hold anything, made fit to be shown in an error.
std::string shown(std::string_view text) {
    std::string out(text.substr(0, 80));
    std::replace_if(out.begin(), out.end(), is_control, '?');
    return text.size() > 80 ? out + "…" : out;
}

Refusal header_breach(const Batch& batch) {
    if (!is_name(batch.meter.name) || !is_name(batch.meter.kind))
        return refuse(Violation::meter_name, "the meter's name '{}' or kind '{}' is not a name",
                      shown(batch.meter.name), shown(batch.meter.kind));
    if (batch.meter.role != MeterRole::bill && batch.meter.role != MeterRole::witness)
        return refuse(Violation::meter_role, "the meter's role {} is unknown",
                      static_cast<int>(batch.meter.role));
    if (batch.booked_at < UtcTime{} || batch.booked_at >= booked_at_end)
        return refuse(Violation::booked_at,
                      "the batch is booked at {}, outside 1970 to 2200: the clock is wrong",
                      to_rfc3339(batch.booked_at));
    if (!is_free_text(batch.class_version, name_octets_max))
        return refuse(Violation::class_version, "the class table's version '{}' is not a name",
                      shown(batch.class_version));
    if (batch.directory_version > figure_max)
        return refuse(Violation::directory_version, "the directory's version {} is out of range",
                      batch.directory_version);
    return std::nullopt;
}

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

Refusal party_breach(const Batch& batch) {
    // Each greater than the one before: none is there twice. Only where one is not must all those
    // before it be remembered.
    boost::unordered_flat_set<const Party*, PartyHash, PartyEqual> seen;
    bool ascending = true;
    for (std::size_t i = 0; i < batch.parties.size(); ++i) {
        const Party& party = batch.parties[i];
        if (party.kind < PartyKind::account || party.kind > PartyKind::excluded)
            return refuse(Violation::party_kind, "party '{}' is of the unknown kind {}",
                          shown(party.name), static_cast<int>(party.kind));
        if (!party_name_fits(party))
            return refuse(Violation::party_name, "a party's name '{}' does not fit its kind ({})",
                          shown(party.name), static_cast<int>(party.kind));
        if (!is_free_text(party.identity, identity_text_octets_max) ||
            (party.kind == PartyKind::outside && !party.identity.empty()))
            return refuse(Violation::party_identity, "party '{}' has the unfit identity '{}'",
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

Refusal service_breach(const Batch& batch) {
    boost::unordered_flat_set<std::string_view> seen;
    for (const std::string& service : batch.services) {
        if (!is_name(service))
            return refuse(Violation::service_name, "'{}' is not a name for a service",
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

auto key_of(const Transfer& t) { return std::tie(t.bucket, t.from, t.to, t.service); }

Refusal transfer_breach(const Batch& batch) {
    const std::size_t parties = batch.parties.size();
    const Transfer* previous = nullptr;
    for (const Transfer& t : batch.transfers) {
        const auto row = &t - batch.transfers.data();
        if (t.from >= parties || t.to >= parties || t.service >= batch.services.size())
            return refuse(Violation::index_range,
                          "transfer {} names a party or a service that the batch does not have",
                          row);
        if (t.bucket.ns % bucket_length.ns != 0)
            return refuse(Violation::bucket_alignment,
                          "transfer {} stands at {}, which is not the start of a bucket", row,
                          to_rfc3339(t.bucket, 9));
        if (!fits(t.volume))
            return refuse(Violation::figure_range, "transfer {} has a figure beyond 2^63-1", row);
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

// More than its transfer cannot have been counted; and where all was, there is nothing to say.
bool counted_fits(const SampledVolume& row, const Volume& volume) {
    return row.bytes <= volume.bytes && row.packets <= volume.packets &&
           (row.bytes != volume.bytes || row.packets != volume.packets);
}

Refusal sampled_breach(const Batch& batch) {
    const SampledVolume* previous = nullptr;
    for (const SampledVolume& row : batch.sampled) {
        if (row.transfer >= batch.transfers.size())
            return refuse(Violation::sampled_index,
                          "sampled counts name transfer {}, which the batch does not have",
                          row.transfer);
        if (previous != nullptr && row.transfer <= previous->transfer)
            return refuse(Violation::sampled_order,
                          "the sampled counts of transfers {} and {} are not in order",
                          previous->transfer, row.transfer);
        if (!counted_fits(row, batch.transfers[row.transfer].volume))
            return refuse(Violation::sampled_counted,
                          "the sampled counts of transfer {} are not below its volume",
                          row.transfer);
        if (row.bytes_variance > variance_max || row.packets_variance > variance_max)
            return refuse(Violation::sampled_variance,
                          "the variance of transfer {} is beyond 2^63-1", row.transfer);
        previous = &row;
    }
    return std::nullopt;
}

Refusal cursor_breach(const Batch& batch) {
    boost::unordered_flat_set<std::string_view> seen;
    for (const Cursor& cursor : batch.cursors) {
        if (!is_name(cursor.source, source_octets_max))
            return refuse(Violation::cursor_source, "'{}' is not a name for a cursor's source",
                          shown(cursor.source));
        if (!seen.insert(cursor.source).second)
            return refuse(Violation::cursor_twice, "the cursor of '{}' is moved twice",
                          shown(cursor.source));
        if (cursor.position.size() > position_octets_max || cursor.note.size() > note_octets_max)
            return refuse(Violation::cursor_size,
                          "the cursor of '{}' has {} octets of position and {} of note; at most "
                          "{} and {} are kept",
                          shown(cursor.source), cursor.position.size(), cursor.note.size(),
                          position_octets_max, note_octets_max);
        if (cursor.version < 1 || cursor.version > figure_max)
            return refuse(Violation::cursor_version,
                          "the cursor of '{}' has version {}; the first one is 1",
                          shown(cursor.source), cursor.version);
    }
    return std::nullopt;
}

Refusal loss_breach(const Batch& batch) {
    for (const Loss& loss : batch.losses) {
        if (!is_name(loss.source, source_octets_max))
            return refuse(Violation::loss_source, "'{}' is not a name for a loss's source",
                          shown(loss.source));
        if (loss.reason < LossReason::kernel_drop || loss.reason > last_loss_reason)
            return refuse(Violation::loss_reason, "the loss of '{}' has the unknown reason {}",
                          shown(loss.source), static_cast<int>(loss.reason));
        if (loss.interval.end < loss.interval.begin)
            return refuse(Violation::loss_interval, "the loss of '{}' ends before it begins",
                          shown(loss.source));
        if (loss.packets.value_or(0) > figure_max || loss.bytes_bound.value_or(0) > figure_max)
            return refuse(Violation::loss_figure, "the loss of '{}' has a figure beyond 2^63-1",
                          shown(loss.source));
    }
    return std::nullopt;
}

Refusal translation_breach(const Batch& batch) {
    std::vector<const Translation*> sorted;
    for (const Translation& t : batch.translations) {
        if (t.outside.empty() || t.inside.empty())
            return refuse(Violation::translation_address,
                          "a translation of '{}' has an end missing", to_string(t.outside));
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

Refusal conservation_breach(const Batch& batch) {
    if (!fits(batch.observed))
        return refuse(Violation::figure_range, "what was observed has a figure beyond 2^63-1");
    const auto sum = sum_of(batch.transfers);
    if (!sum) return BatchRefusal{Violation::sum_overflow, sum.error().text};
    if (*sum != batch.observed)
        return refuse(Violation::conservation,
                      "the transfers sum to {} bytes, {} packets, {} flows, but {} bytes, {} "
                      "packets, {} flows were observed",
                      sum->bytes.value(), sum->packets.value(), sum->flows.value(),
                      batch.observed.bytes.value(), batch.observed.packets.value(),
                      batch.observed.flows.value());
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
        return fail(ErrorCode::over_limit, "a sum of transfers does not fit into 64 bits");
    return Volume{Bytes{*bytes}, Packets{*packets}, Flows{*flows}};
}

Result<Volume> sum_of(const std::vector<Transfer>& transfers) {
    Volume sum;
    for (const Transfer& t : transfers) {
        TRY_ASSIGN(sum, checked_sum(sum, t.volume));
    }
    return sum;
}

std::optional<BatchRefusal> find_breach(const Batch& batch) {
    // In the order of Violation; each looks only at what the ones before it have found good.
    for (const auto rule :
         {header_breach, party_breach, service_breach, transfer_breach, sampled_breach,
          cursor_breach, loss_breach, translation_breach, conservation_breach})
        if (auto refusal = rule(batch)) return refusal;
    return std::nullopt;
}

Status check_batch(const Batch& batch) {
    const auto refusal = find_breach(batch);
    if (!refusal) return {};
    return fail(ErrorCode::invalid,
                fmt::format("batch {} of meter '{}' is refused: {}", to_string(batch.id),
                            shown(batch.meter.name), refusal->text));
}

}  // namespace octroi
