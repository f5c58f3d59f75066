// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/chain.hpp"

#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <tuple>

#include "base/check.hpp"
#include "base/narrow.hpp"
#include "ledger/hash_fields.hpp"
#include "record/party_order.hpp"
#include "record/transfer_order.hpp"

namespace octroi {
namespace {

static_assert(sizeof(crypto_generichash_state) <= 384);
static_assert(alignof(crypto_generichash_state) <= 64);
static_assert(hash_octets == crypto_generichash_BYTES);

// A tag tells the kinds of link and list apart, so that the octets of one kind are never those of
// another. The number allows a later format.
constexpr std::string_view batch_tag = "octroi batch 4\n";
constexpr std::string_view batch_with_identities_tag = "octroi batch 5\n";
constexpr std::array<std::string_view, batch_lists> list_tags{
    "octroi transfers 4\n", "octroi sampled 4\n",      "octroi cursors 4\n",
    "octroi losses 4\n",    "octroi translations 4\n", "octroi identities 5\n"};

// The number of a name that no transfer uses.
constexpr std::uint32_t unused = UINT32_MAX;

crypto_generichash_state* state_in(std::array<unsigned char, 384>& octets) {
    return static_cast<crypto_generichash_state*>(static_cast<void*>(octets.data()));
}

void sort_places(const std::vector<Party>& parties, std::vector<std::uint32_t>& order) {
    sort_parties(parties, order);
}

void sort_places(const std::vector<std::string>& names, std::vector<std::uint32_t>& order) {
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return names[a] < names[b]; });
}

// Puts pointers to the used items into `sorted`, in order, and returns the new number of each item.
// Producers mostly have sorted names already, so that is checked before sorting.
template <typename T>
std::vector<std::uint32_t> rank(const std::vector<T>& items, const std::vector<bool>& used,
                                std::vector<const T*>& sorted) {
    std::vector<std::uint32_t> order;
    order.reserve(items.size());
    for (std::uint32_t i = 0; i < items.size(); ++i)
        if (used[i]) order.push_back(i);
    const auto less = [&](std::uint32_t a, std::uint32_t b) { return items[a] < items[b]; };
    if (!std::is_sorted(order.begin(), order.end(), less)) sort_places(items, order);
    std::vector<std::uint32_t> ranks(items.size(), unused);
    sorted.reserve(order.size());
    for (const std::uint32_t i : order) {
        ranks[i] = static_cast<std::uint32_t>(sorted.size());
        sorted.push_back(&items[i]);
    }
    return ranks;
}

// Whether every item keeps its number. An unused item does not.
bool is_identity(const std::vector<std::uint32_t>& ranks) {
    for (std::uint32_t i = 0; i < ranks.size(); ++i)
        if (ranks[i] != i) return false;
    return true;
}

template <typename T>
std::vector<const T*> sorted_pointers(const std::vector<T>& items) {
    std::vector<const T*> sorted;
    for (const T& item : items) sorted.push_back(&item);
    std::sort(sorted.begin(), sorted.end(), [](const T* a, const T* b) { return *a < *b; });
    return sorted;
}

void add_header(Hasher& hasher, const Batch& batch) {
    add_id(hasher, batch.id);
    hasher.u8(static_cast<std::uint8_t>(batch.kind()));
    hasher.text(batch.correction ? batch.correction->reason : std::string());
    const Interval none{UtcTime{}, UtcTime{}};
    const Interval corrected = batch.correction ? batch.correction->corrected : none;
    add_time(hasher, corrected.begin);
    add_time(hasher, corrected.end);
    hasher.text(batch.meter.name);
    hasher.text(batch.meter.kind);
    hasher.u8(static_cast<std::uint8_t>(batch.meter.role));
    hasher.u8(static_cast<std::uint8_t>(batch.meter.layer));
    add_time(hasher, batch.booked_at);
    hasher.text(batch.class_version);
    hasher.be64(batch.directory_version);
    add_volume(hasher, batch.observed);
    add_optional(hasher, batch.last_traffic);
}

void add_transfers(Hasher& hasher, const CanonicalBatch& batch) {
    add_count(hasher, batch.parties);
    for (const Party* party : batch.parties) {
        hasher.u8(static_cast<std::uint8_t>(party->kind));
        hasher.text(party->name);
        hasher.text(party->identity);
    }
    add_count(hasher, batch.services);
    for (const std::string* service : batch.services) hasher.text(*service);
    add_count(hasher, batch.transfers);
    for (const Transfer& t : batch.transfers) {
        add_time(hasher, t.bucket);
        hasher.be32(t.from);
        hasher.be32(t.to);
        hasher.be32(t.service);
        add_volume(hasher, t.volume);
    }
}

void add_cursors(Hasher& hasher, const std::vector<const Cursor*>& cursors) {
    add_count(hasher, cursors);
    for (const Cursor* cursor : cursors) {
        hasher.text(cursor->source);
        hasher.text(cursor->position);
        hasher.be64(cursor->version);
        hasher.text(cursor->note);
    }
}

void add_losses(Hasher& hasher, const std::vector<const Loss*>& losses) {
    add_count(hasher, losses);
    for (const Loss* loss : losses) {
        hasher.text(loss->source);
        hasher.u8(static_cast<std::uint8_t>(loss->reason));
        add_time(hasher, loss->interval.begin);
        add_time(hasher, loss->interval.end);
        add_optional(hasher, loss->packets);
        add_optional(hasher, loss->bytes_bound);
    }
}

void add_sampled(Hasher& hasher, std::span<const SampledVolume> sampled) {
    add_count(hasher, sampled);
    for (const SampledVolume& row : sampled) {
        hasher.be32(row.transfer);
        hasher.be64(row.bytes.value());
        hasher.be64(row.packets.value());
        hasher.be64(row.bytes_variance);
        hasher.be64(row.packets_variance);
    }
}

void add_translations(Hasher& hasher, const std::vector<const Translation*>& translations) {
    add_count(hasher, translations);
    for (const Translation* t : translations) {
        hasher.text(to_string(t->device));
        hasher.text(to_string(t->outside));
        hasher.u8(t->protocol);
        for (const std::uint16_t port : {t->first_port, t->last_port, t->port_step})
            hasher.be32(port);
        hasher.text(to_string(t->remote));
        hasher.be32(t->remote_port);
        hasher.text(to_string(t->inside));
        hasher.be32(t->inside_port);
        add_time(hasher, t->valid.begin);
        add_time(hasher, t->valid.end);
    }
}

void add_identity(Hasher& hasher, const Identity& identity) {
    hasher.u8(static_cast<std::uint8_t>(identity.kind));
    hasher.text(identity.value);
}

void add_identities(Hasher& hasher, std::span<const IdentityEvent> events) {
    add_count(hasher, events);
    for (const IdentityEvent& event : events) {
        add_time(hasher, event.at);
        add_identity(hasher, event.held);
        add_identity(hasher, event.holder);
        add_time(hasher, event.until);
    }
}

// The octets of one list, without its tag.
void add_list(Hasher& hasher, const CanonicalBatch& batch, BatchList list) {
    switch (list) {
        case BatchList::transfers:
            return add_transfers(hasher, batch);
        case BatchList::sampled:
            return add_sampled(hasher, batch.sampled);
        case BatchList::cursors:
            return add_cursors(hasher, batch.cursors);
        case BatchList::losses:
            return add_losses(hasher, batch.losses);
        case BatchList::translations:
            return add_translations(hasher, batch.translations);
        case BatchList::identities:
            return add_identities(hasher, batch.identities);
    }
    CHECK(false);
}

// A transfer of a canonical batch and its sampled counts, if any.
struct SignedRow {
    Transfer transfer;
    bool added = true;
    const SampledVolume* sampled = nullptr;
};

// The difference to zero, in two's complement.
std::uint64_t negative(std::uint64_t figure) { return 0 - figure; }
Volume negative(const Volume& v) {
    return {Bytes{negative(v.bytes.value())}, Packets{negative(v.packets.value())},
            Flows{negative(v.flows.value())}};
}

void append_rows(std::vector<SignedRow>& rows, const std::vector<Transfer>& transfers,
                 const std::vector<SampledVolume>& sampled, bool added) {
    const std::size_t first = rows.size();
    for (const Transfer& t : transfers) rows.push_back({t, added, nullptr});
    for (const SampledVolume& row : sampled) rows[first + row.transfer].sampled = &row;
}

// The transfers of a correction, added and removed ones in one list. The names of the batch have
// the numbers `parties` and `services`.
void merge_correction(const Batch& batch, const std::vector<std::uint32_t>& parties,
                      const std::vector<std::uint32_t>& services, CanonicalBatch& result) {
    std::vector<SignedRow> rows;
    append_rows(rows, batch.transfers, batch.sampled, true);
    append_rows(rows, batch.correction->removed, batch.correction->removed_sampled, false);
    for (SignedRow& row : rows) {
        row.transfer.from = parties[row.transfer.from];
        row.transfer.to = parties[row.transfer.to];
        row.transfer.service = services[row.transfer.service];
    }
    const auto key = [](const SignedRow& row) {
        const Transfer& t = row.transfer;
        return std::make_tuple(t.bucket, t.from, t.to, t.service, row.added);
    };
    std::sort(rows.begin(), rows.end(),
              [&](const SignedRow& a, const SignedRow& b) { return key(a) < key(b); });
    for (const SignedRow& row : rows) {
        const auto place = narrow<std::uint32_t>(result.renumbered.size());
        result.renumbered.push_back(row.transfer);
        if (!row.added) result.renumbered.back().volume = negative(row.transfer.volume);
        if (row.sampled == nullptr) continue;
        SampledVolume& counts = result.sampled_renumbered.emplace_back(*row.sampled);
        counts.transfer = place;
        if (row.added) continue;
        counts.bytes = Bytes{negative(counts.bytes.value())};
        counts.packets = Packets{negative(counts.packets.value())};
        counts.bytes_variance = negative(counts.bytes_variance);
        counts.packets_variance = negative(counts.packets_variance);
    }
    result.transfers = result.renumbered;
    result.sampled = result.sampled_renumbered;
}

void note_used(const std::vector<Transfer>& transfers, std::vector<bool>& parties,
               std::vector<bool>& services) {
    for (const Transfer& t : transfers) {
        parties[t.from] = true;
        parties[t.to] = true;
        services[t.service] = true;
    }
}

}  // namespace

Hasher::Hasher() {
    // Selects the code for this processor. Repeated calls, from any thread, do nothing.
    CHECK(sodium_init() >= 0);
    CHECK(crypto_generichash_init(state_in(state_), nullptr, 0, hash_octets) == 0);
}

void Hasher::flush() {
    CHECK(crypto_generichash_update(state_in(state_), buffer_.data(), buffered_) == 0);
    buffered_ = 0;
}

void Hasher::raw(std::string_view octets) {
    while (!octets.empty()) {
        if (buffered_ == buffer_.size()) flush();
        const std::size_t part = std::min(octets.size(), buffer_.size() - buffered_);
        std::memcpy(buffer_.data() + buffered_, octets.data(), part);
        buffered_ += part;
        octets.remove_prefix(part);
    }
}

void Hasher::text(std::string_view octets) {
    be32(narrow<std::uint32_t>(octets.size()));
    raw(octets);
}

std::string Hasher::finish() {
    flush();
    std::array<unsigned char, hash_octets> digest{};
    CHECK(crypto_generichash_final(state_in(state_), digest.data(), digest.size()) == 0);
    return {digest.begin(), digest.end()};
}

std::string zero_hash() { return std::string(hash_octets, '\0'); }

CanonicalBatch canonical(const Batch& batch) {
    CanonicalBatch result;
    result.batch = &batch;
    std::vector<bool> party_used(batch.parties.size());
    std::vector<bool> service_used(batch.services.size());
    note_used(batch.transfers, party_used, service_used);
    if (batch.correction) note_used(batch.correction->removed, party_used, service_used);
    const auto parties = rank(batch.parties, party_used, result.parties);
    const auto services = rank(batch.services, service_used, result.services);
    if (batch.correction) {
        merge_correction(batch, parties, services, result);
    } else if (is_identity(parties) && is_identity(services) &&
               std::is_sorted(batch.transfers.begin(), batch.transfers.end())) {
        result.transfers = batch.transfers;
        result.sampled = batch.sampled;
    } else {
        result.renumbered = batch.transfers;
        result.sampled_renumbered = batch.sampled;
        for (Transfer& t : result.renumbered) {
            t.from = parties[t.from];
            t.to = parties[t.to];
            t.service = services[t.service];
        }
        sort_transfers(result.renumbered, result.sampled_renumbered);
        result.transfers = result.renumbered;
        result.sampled = result.sampled_renumbered;
    }
    result.cursors = sorted_pointers(batch.cursors);
    result.losses = sorted_pointers(batch.losses);
    result.translations = sorted_pointers(batch.translations);
    result.identities = batch.identities;
    return result;
}

BatchDigests digests(const CanonicalBatch& batch) {
    BatchDigests all;
    const std::array<std::size_t, batch_lists> rows{
        batch.transfers.size(), batch.sampled.size(),      batch.cursors.size(),
        batch.losses.size(),    batch.translations.size(), batch.identities.size()};
    for (std::size_t i = 0; i < batch_lists; ++i) {
        Hasher hasher;
        hasher.raw(list_tags[i]);
        add_list(hasher, batch, static_cast<BatchList>(i));
        all[i] = {rows[i], hasher.finish()};
    }
    return all;
}

std::string batch_hash(const Writer& writer, std::uint64_t sequence, std::string_view previous_hash,
                       const Batch& header, const BatchDigests& digests) {
    CHECK(previous_hash.size() == hash_octets);
    const ListDigest& identities = digests[static_cast<std::size_t>(BatchList::identities)];
    const bool with_identities = has_identity_part(header) || identities.rows != 0;
    Hasher hasher;
    hasher.raw(previous_hash);
    hasher.raw(with_identities ? batch_with_identities_tag : batch_tag);
    hasher.text(writer.node);
    add_id(hasher, writer.id);
    hasher.be64(sequence);
    add_header(hasher, header);
    for (const ListDigest& list : digests) {
        if (&list != &identities) add_digest(hasher, list);
    }
    if (with_identities) {
        hasher.be64(header.identities_known);
        add_digest(hasher, identities);
    }
    return hasher.finish();
}

}  // namespace octroi
