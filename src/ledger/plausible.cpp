// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/plausible.hpp"

#include <algorithm>
#include <vector>

#include "base/saturated_sum.hpp"
#include "record/estimate.hpp"
#include "record/transfer_order.hpp"

namespace octroi {
namespace {

bool exceeds(const Volume& volume, std::uint64_t factor) {
    return volume.bytes.value() > bucket_bytes_max * factor ||
           volume.packets.value() > bucket_packets_max * factor ||
           volume.flows.value() > bucket_packets_max * factor;
}

class Excluder {
public:
    explicit Excluder(Batch& batch)
        : batch_(batch), marked_(batch.transfers.size()), sums_(batch.parties.size()) {}

    // Whether a transfer was marked.
    [[nodiscard]] bool mark() {
        const auto& transfers = batch_.transfers;
        for (std::size_t begin = 0, end = 0; begin < transfers.size(); begin = end) {
            while (end < transfers.size() && transfers[end].bucket == transfers[begin].bucket)
                ++end;
            mark_bucket(begin, end);
        }
        return any_;
    }

    void move() {
        const auto excluded = party();
        for (std::size_t i = 0; i < marked_.size(); ++i)
            if (marked_[i]) batch_.transfers[i].to = excluded;
        sort_transfers(batch_.transfers, batch_.sampled);
        merge();
    }

private:
    [[nodiscard]] bool is_excluded(const Transfer& t) const {
        return batch_.parties[t.from].kind == PartyKind::excluded ||
               batch_.parties[t.to].kind == PartyKind::excluded;
    }
    [[nodiscard]] bool is_local(std::uint32_t party) const {
        const PartyKind kind = batch_.parties[party].kind;
        return kind == PartyKind::account || kind == PartyKind::unattributed;
    }
    void mark_bucket(std::size_t begin, std::size_t end) {
        Volume all;
        const auto each = [&](auto visit) {
            for (std::size_t i = begin; i < end; ++i)
                if (!marked_[i] && !is_excluded(batch_.transfers[i])) visit(batch_.transfers[i], i);
        };
        const auto ends = [&](const Transfer& t, auto visit) {
            if (is_local(t.from)) visit(t.from);
            if (is_local(t.to) && t.to != t.from) visit(t.to);
        };
        each([&](const Transfer& t, std::size_t i) {
            if (exceeds(t.volume, 1)) set(i);
        });
        each([&](const Transfer& t, std::size_t) {
            add_saturated(all, t.volume);
            ends(t, [&](std::uint32_t party) { add_saturated(sums_[party], t.volume); });
        });
        const bool is_all = exceeds(all, network_factor);
        each([&](const Transfer& t, std::size_t i) {
            bool is_marked = is_all;
            ends(t,
                 [&](std::uint32_t party) { is_marked = is_marked || exceeds(sums_[party], 1); });
            if (is_marked) set(i);
        });
        for (std::size_t i = begin; i < end; ++i)
            ends(batch_.transfers[i], [&](std::uint32_t party) { sums_[party] = {}; });
    }
    void set(std::size_t transfer) {
        marked_[transfer] = true;
        any_ = true;
    }
    // The number of the excluded party, which is added if it is not there.
    [[nodiscard]] std::uint32_t party() {
        const Party wanted{PartyKind::excluded, std::string(implausible_reason), {}};
        const auto found = std::ranges::find(batch_.parties, wanted);
        if (found == batch_.parties.end()) batch_.parties.push_back(wanted);
        return static_cast<std::uint32_t>(std::ranges::find(batch_.parties, wanted) -
                                          batch_.parties.begin());
    }
    // Joins transfers that have the same key now, with their sampled counts.
    void merge() {
        std::vector<Transfer> transfers;
        std::vector<SampledVolume> sampled;
        auto counts = batch_.sampled.begin();
        for (std::uint32_t i = 0; i < batch_.transfers.size(); ++i) {
            const Transfer& t = batch_.transfers[i];
            const bool is_same = !transfers.empty() && transfers.back().bucket == t.bucket &&
                                 transfers.back().from == t.from && transfers.back().to == t.to &&
                                 transfers.back().service == t.service;
            const bool is_sampled = counts != batch_.sampled.end() && counts->transfer == i;
            SampledVolume row{0, t.volume.bytes, t.volume.packets, 0, 0};
            if (is_sampled) row = *counts++;
            if (!is_same) {
                transfers.push_back(t);
                row.transfer = static_cast<std::uint32_t>(transfers.size() - 1);
                if (is_sampled) sampled.push_back(row);
                continue;
            }
            add_counts(sampled, static_cast<std::uint32_t>(transfers.size() - 1), is_sampled,
                       transfers.back().volume, row);
            add_saturated(transfers.back().volume, t.volume);
        }
        batch_.transfers = std::move(transfers);
        batch_.sampled = std::move(sampled);
    }
    // before: the volume of the transfer so far, which is all counted if it has no row.
    static void add_counts(std::vector<SampledVolume>& sampled, std::uint32_t transfer,
                           bool is_sampled, const Volume& before, const SampledVolume& row) {
        const bool has_row = !sampled.empty() && sampled.back().transfer == transfer;
        if (!has_row && !is_sampled) return;
        if (!has_row) sampled.push_back({transfer, before.bytes, before.packets, 0, 0});
        SampledVolume& sum = sampled.back();
        sum.bytes = saturated_sum(sum.bytes, row.bytes);
        sum.packets = saturated_sum(sum.packets, row.packets);
        const auto add = [](std::uint64_t& to, std::uint64_t more) {
            to = std::min(checked_add(to, more).value_or(variance_max), variance_max);
        };
        add(sum.bytes_variance, row.bytes_variance);
        add(sum.packets_variance, row.packets_variance);
    }

    Batch& batch_;
    std::vector<bool> marked_;
    std::vector<Volume> sums_;  // of a bucket, by party
    bool any_ = false;
};

// The common case needs no memory.
bool may_exceed(const Batch& batch) {
    Volume all;
    for (const Transfer& t : batch.transfers) add_saturated(all, t.volume);
    return exceeds(all, 1);
}

}  // namespace

void exclude_implausible(Batch& batch) {
    if (batch.correction || !may_exceed(batch)) return;
    Excluder excluder(batch);
    if (excluder.mark()) excluder.move();
}

}  // namespace octroi
