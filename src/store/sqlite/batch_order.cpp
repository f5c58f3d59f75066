// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/batch_order.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "record/party_order.hpp"
#include "record/transfer_order.hpp"
#include "store/sqlite/rows.hpp"

namespace octroi::sqlite {
namespace {

// Numbers the names by their order, and returns the new number of each.
std::vector<std::uint32_t> number_by_order(const std::vector<std::uint32_t>& order) {
    std::vector<std::uint32_t> places(order.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) places[order[i]] = i;
    return places;
}

template <typename Name>
void permute(std::vector<Name>& names, const std::vector<std::uint32_t>& order) {
    std::vector<Name> sorted;
    sorted.reserve(names.size());
    for (const std::uint32_t from : order) sorted.push_back(std::move(names[from]));
    names = std::move(sorted);
}

bool is_negative(const Volume& v) {
    return v.bytes.value() > figure_end || v.packets.value() > figure_end ||
           v.flows.value() > figure_end;
}
Volume negated(const Volume& v) {
    return {Bytes{0 - v.bytes.value()}, Packets{0 - v.packets.value()}, Flows{0 - v.flows.value()}};
}
SampledVolume negated(const SampledVolume& row) {
    return {row.transfer, Bytes{0 - row.bytes.value()}, Packets{0 - row.packets.value()},
            0 - row.bytes_variance, 0 - row.packets_variance};
}

}  // namespace

void add_damage(std::string& damage, std::string_view text) {
    if (!damage.empty()) damage += "; ";
    damage += text;
}

void sort_names(Batch& batch) {
    std::vector<std::uint32_t> parties(batch.parties.size());
    std::iota(parties.begin(), parties.end(), 0U);
    sort_parties(batch.parties, parties);
    permute(batch.parties, parties);
    std::vector<std::uint32_t> services(batch.services.size());
    std::iota(services.begin(), services.end(), 0U);
    std::sort(services.begin(), services.end(), [&](std::uint32_t a, std::uint32_t b) {
        return batch.services[a] < batch.services[b];
    });
    permute(batch.services, services);
    const auto party_places = number_by_order(parties);
    const auto service_places = number_by_order(services);
    for (Transfer& t : batch.transfers) {
        t.from = party_places[t.from];
        t.to = party_places[t.to];
        t.service = service_places[t.service];
    }
}

void split_correction(Batch& batch) {
    Correction& correction = *batch.correction;
    std::vector<Transfer> added;
    std::vector<SampledVolume> added_sampled;
    auto counts = batch.sampled.begin();
    for (std::uint32_t i = 0; i < batch.transfers.size(); ++i) {
        Transfer t = batch.transfers[i];
        const bool is_removed = is_negative(t.volume);
        if (is_removed) t.volume = negated(t.volume);
        auto& rows = is_removed ? correction.removed : added;
        if (counts != batch.sampled.end() && counts->transfer == i) {
            SampledVolume row = is_removed ? negated(*counts) : *counts;
            row.transfer = static_cast<std::uint32_t>(rows.size());
            (is_removed ? correction.removed_sampled : added_sampled).push_back(row);
            ++counts;
        }
        rows.push_back(t);
    }
    batch.transfers = std::move(added);
    batch.sampled = std::move(added_sampled);
}

void sort_rows(StoredBatch& stored) {
    Batch& batch = stored.batch;
    const auto sort = [&](std::vector<Transfer>& transfers, std::vector<SampledVolume>& sampled) {
        if (std::is_sorted(transfers.begin(), transfers.end())) return;
        add_damage(stored.damage, "the transfers are not stored in canonical order");
        sort_transfers(transfers, sampled);
    };
    sort(batch.transfers, batch.sampled);
    if (batch.correction) sort(batch.correction->removed, batch.correction->removed_sampled);
}

}  // namespace octroi::sqlite
