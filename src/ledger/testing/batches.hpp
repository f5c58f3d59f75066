// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Batches for tests: built row by row, or random ones from a seed.

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "ledger/rules.hpp"
#include "record/batch.hpp"
#include "record/estimate.hpp"
#include "record/identity.hpp"
#include "record/transfer_order.hpp"

namespace octroi::testing {

// 2026-11-01T00:00:00Z, the start of a bucket.
inline constexpr UtcTime some_day = UtcTime::from_seconds(1'793'491'200);

inline UtcTime bucket_at(int number) { return some_day + Duration{bucket_length.ns * number}; }

inline Party account(std::string name, std::string identity = "") {
    return {PartyKind::account, std::move(name), std::move(identity)};
}
inline Party outside(std::string class_name) {
    return {PartyKind::outside, std::move(class_name), ""};
}
inline Party unattributed(std::string identity) {
    return {PartyKind::unattributed, "", std::move(identity)};
}
inline Party excluded(std::string reason) { return {PartyKind::excluded, std::move(reason), ""}; }

inline BatchId batch_id(std::uint64_t number) {
    BatchId id;
    for (std::size_t i = 0; i < 8; ++i)
        id.octets[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    return id;
}

// 10.0.0.<host> translated to 203.0.113.5:<port>, TCP.
inline Translation translation(std::uint32_t host, std::uint16_t port, const Interval& valid) {
    Translation t;
    t.device = Address::v4(0xc0000201U);
    t.outside = Address::v4(0xcb007105U);
    t.protocol = 6;
    t.first_port = t.last_port = port;
    t.inside = Address::v4(0x0a000000U + host);
    t.valid = valid;
    return t;
}

// held is held by holder ("user alice"; empty: nobody) from the time on.
inline IdentityEvent held(const std::string& what, const std::string& holder, UtcTime at = some_day,
                          UtcTime until = UtcTime::max()) {
    IdentityEvent event{.at = at, .held = *parse_identity(what), .holder = {}, .until = until};
    if (!holder.empty()) event.holder = *parse_identity(holder);
    return event;
}

class BatchBuilder {
public:
    explicit BatchBuilder(std::uint64_t id, std::string meter = "eth0",
                          MeterRole role = MeterRole::bill) {
        batch_.id = batch_id(id);
        batch_.meter = {std::move(meter), "capture", role};
        batch_.booked_at = some_day + Duration::seconds(static_cast<std::int64_t>(id));
        batch_.class_version = "00ff";
    }

    BatchBuilder& transfer(int bucket, const Party& from, const Party& to,
                           const std::string& service, std::uint64_t bytes,
                           std::uint64_t packets = 1, std::uint64_t flows = 1) {
        rows_[{bucket_at(bucket), party(from), party(to), number(batch_.services, service)}] +=
            Volume{Bytes{bytes}, Packets{packets}, Flows{flows}};
        return *this;
    }
    BatchBuilder& cursor(std::string source, std::string position, std::uint64_t version) {
        batch_.cursors.push_back(
            {std::move(source), std::move(position), version, "note " + std::to_string(version)});
        return *this;
    }
    BatchBuilder& loss(Loss loss) {
        batch_.losses.push_back(std::move(loss));
        return *this;
    }
    BatchBuilder& translation(const Translation& t) {
        batch_.translations.push_back(t);
        return *this;
    }
    // In order. known: Batch::identities_known.
    BatchBuilder& identities(std::vector<IdentityEvent> events, std::uint64_t known = 0) {
        batch_.identities = std::move(events);
        batch_.identities_known = known;
        return *this;
    }
    // Refers to a transfer by its position after sorting: by bucket, then by first use of the
    // names.
    BatchBuilder& sampled(const SampledVolume& row) {
        batch_.sampled.push_back(row);
        return *this;
    }
    [[nodiscard]] Batch build() const {
        Batch batch = batch_;
        for (const auto& [key, volume] : rows_) {
            const auto& [bucket, from, to, service] = key;
            batch.transfers.push_back({bucket, from, to, service, volume});
            batch.observed += volume;
            batch.last_traffic = bucket + Duration::seconds(7);
        }
        return batch;
    }

private:
    template <typename T>
    static std::uint32_t number(std::vector<T>& items, const T& item) {
        const auto found = std::find(items.begin(), items.end(), item);
        if (found != items.end()) return static_cast<std::uint32_t>(found - items.begin());
        items.push_back(item);
        return static_cast<std::uint32_t>(items.size() - 1);
    }
    std::uint32_t party(const Party& item) { return number(batch_.parties, item); }

    Batch batch_;
    std::map<std::tuple<UtcTime, std::uint32_t, std::uint32_t, std::uint32_t>, Volume> rows_;
};

// The same seed gives the same batch. Buckets, parties and services overlap with those of other
// seeds; cursors continue when `version` counts up from 1.
inline Batch random_batch(std::uint64_t seed, std::uint64_t version, std::size_t rows) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t n) { return static_cast<int>(random() % n); };
    const auto any_party = [&]() -> Party {
        switch (below(8)) {
            case 0:
                return unattributed("10.0.0." + std::to_string(below(20)));
            case 1:
                return excluded(below(2) == 0 ? "non-ip" : "duplicate");
            case 2:
            case 3:
                return outside(below(2) == 0 ? "domestic" : "international");
            default:
                return account("user" + std::to_string(below(10)),
                               "10.1.0." + std::to_string(below(30)));
        }
    };
    BatchBuilder builder(seed, below(4) == 0 ? "proxy" : "eth0",
                         below(4) == 0 ? MeterRole::witness : MeterRole::bill);
    for (std::size_t i = 0; i < rows; ++i)
        builder.transfer(below(12), any_party(), any_party(),
                         below(2) == 0 ? "web" : "service" + std::to_string(below(5)),
                         random() % (1ULL << static_cast<unsigned>(below(40))), random() % 1000,
                         random() % 10);
    builder.cursor("interface:eth" + std::to_string(seed), std::to_string(random()), version);
    if (below(3) == 0)
        builder.loss({"eth0",
                      LossReason::kernel_drop,
                      {bucket_at(0), bucket_at(below(5))},
                      random() % 100,
                      std::nullopt});
    Batch batch = builder.build();
    for (std::uint32_t i = 0; i < batch.transfers.size(); ++i) {
        const Volume& volume = batch.transfers[i].volume;
        if (below(4) != 0 || volume.bytes.value() == 0) continue;
        batch.sampled.push_back({i, Bytes{volume.bytes.value() / 10},
                                 Packets{volume.packets.value() / 10}, random() % 1'000'000,
                                 random() % 1'000'000});
    }
    for (auto i = static_cast<std::size_t>(below(4)); i > 0; --i) {
        Translation t;
        t.device = Address::v4(0xc0000201U);
        t.outside = Address::v4(0xcb007100U + static_cast<std::uint32_t>(below(4)));
        t.protocol = below(2) == 0 ? 6 : 0;
        t.first_port = static_cast<std::uint16_t>(1024 * (i + seed % 16));
        t.last_port = static_cast<std::uint16_t>(t.first_port + below(2) * 1023);
        if (below(2) == 0) {
            t.remote = Address::v4(0xc6336401U);
            t.remote_port = 443;
        }
        t.inside = Address::v4(0x0a000000U + static_cast<std::uint32_t>(random() % 1000));
        t.inside_port = static_cast<std::uint16_t>(random() % 65536);
        t.valid.begin = bucket_at(static_cast<int>(below(5)));
        if (below(2) == 0) t.valid.end = bucket_at(5);
        batch.translations.push_back(t);
    }
    return batch;
}

// Moves all transfers of the batch from and to accounts to other accounts: "user1" becomes
// "user1-new". The reverse moves them back.
inline Batch correction_of(const Batch& batch, std::uint64_t id, bool reverse = false) {
    Batch moved;
    moved.id = batch_id(id);
    moved.meter = batch.meter;
    moved.booked_at = batch.booked_at + Duration::hours(1);
    moved.class_version = batch.class_version;
    moved.directory_version = batch.directory_version;
    moved.services = batch.services;
    moved.parties = batch.parties;
    const auto first = static_cast<std::uint32_t>(batch.parties.size());
    for (Party party : batch.parties) {
        if (party.kind == PartyKind::account) party.name += "-new";
        moved.parties.push_back(std::move(party));
    }
    const auto is_account = [&](std::uint32_t party) {
        return batch.parties[party].kind == PartyKind::account;
    };
    Correction correction{.reason = "bindings",
                          .corrected = {bucket_at(0), bucket_at(1000)},
                          .removed = {},
                          .removed_sampled = {}};
    auto counts = batch.sampled.begin();
    for (std::uint32_t i = 0; i < batch.transfers.size(); ++i) {
        Transfer t = batch.transfers[i];
        const bool is_sampled = counts != batch.sampled.end() && counts->transfer == i;
        SampledVolume row = is_sampled ? *counts++ : SampledVolume{};
        if (t.volume == Volume{} || (!is_account(t.from) && !is_account(t.to))) continue;
        row.transfer = static_cast<std::uint32_t>(correction.removed.size());
        correction.removed.push_back(t);
        if (is_account(t.from)) t.from += first;
        if (is_account(t.to)) t.to += first;
        moved.transfers.push_back(t);
        if (!is_sampled) continue;
        correction.removed_sampled.push_back(row);
        moved.sampled.push_back(row);
    }
    sort_transfers(moved.transfers, moved.sampled);
    if (reverse) {
        moved.transfers.swap(correction.removed);
        moved.sampled.swap(correction.removed_sampled);
    }
    // Only account parties are there twice.
    std::vector<std::uint32_t> numbers(moved.parties.size());
    std::vector<Party> parties;
    for (std::uint32_t i = 0; i < moved.parties.size(); ++i) {
        const auto same = std::find(parties.begin(), parties.end(), moved.parties[i]);
        numbers[i] = static_cast<std::uint32_t>(same - parties.begin());
        if (same == parties.end()) parties.push_back(moved.parties[i]);
    }
    moved.parties = std::move(parties);
    for (auto* rows : {&moved.transfers, &correction.removed})
        for (Transfer& t : *rows) {
            t.from = numbers[t.from];
            t.to = numbers[t.to];
        }
    sort_transfers(moved.transfers, moved.sampled);
    sort_transfers(correction.removed, correction.removed_sampled);
    moved.correction = std::move(correction);
    return moved;
}

// The part of a transfer that scaling added.
inline Estimate estimate_of(const Batch& batch, std::uint32_t transfer) {
    const Volume& volume = batch.transfers[transfer].volume;
    for (const SampledVolume& row : batch.sampled)
        if (row.transfer == transfer)
            return {volume.bytes.value() - row.bytes.value(),
                    volume.packets.value() - row.packets.value(), row.bytes_variance,
                    row.packets_variance};
    return {};
}

// The same batch with the names numbered in reverse order, as another producer might.
inline Batch renumbered(const Batch& batch) {
    Batch other = batch;
    std::reverse(other.parties.begin(), other.parties.end());
    std::reverse(other.services.begin(), other.services.end());
    std::reverse(other.cursors.begin(), other.cursors.end());
    std::reverse(other.losses.begin(), other.losses.end());
    std::reverse(other.translations.begin(), other.translations.end());
    const auto parties = static_cast<std::uint32_t>(batch.parties.size());
    const auto services = static_cast<std::uint32_t>(batch.services.size());
    const auto renumber = [&](std::vector<Transfer>& transfers,
                              std::vector<SampledVolume>& sampled) {
        for (Transfer& t : transfers) {
            t.from = parties - 1 - t.from;
            t.to = parties - 1 - t.to;
            t.service = services - 1 - t.service;
        }
        sort_transfers(transfers, sampled);
    };
    renumber(other.transfers, other.sampled);
    if (other.correction) renumber(other.correction->removed, other.correction->removed_sampled);
    return other;
}

}  // namespace octroi::testing
