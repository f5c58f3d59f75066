// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/rebook_slice.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "record/transfer_order.hpp"

namespace octroi {
namespace {

// The part of `a` that exceeds `b`, figure by figure.
Volume excess(const Volume& a, const Volume& b) {
    const auto over = [](auto x, auto y) { return x > y ? x.value() - y.value() : 0; };
    return {Bytes{over(a.bytes, b.bytes)}, Packets{over(a.packets, b.packets)},
            Flows{over(a.flows, b.flows)}};
}

Volume least(const Volume& a, const Volume& b) {
    return {std::min(a.bytes, b.bytes), std::min(a.packets, b.packets), std::min(a.flows, b.flows)};
}

// A batch with the names that its transfers use.
class CorrectionMaker {
public:
    explicit CorrectionMaker(MeterName meter, const Interval& corrected) {
        batch.meter = std::move(meter);
        batch.correction.emplace();
        batch.correction->corrected = corrected;
    }

    void add(const RebookSlice& slice, const SliceKey& key, const Volume& volume,
             const Estimate& estimate, bool is_removed) {
        if (volume == Volume{}) return;
        std::vector<Transfer>& rows = is_removed ? batch.correction->removed : batch.transfers;
        std::vector<SampledVolume>& sampled =
            is_removed ? batch.correction->removed_sampled : batch.sampled;
        rows.push_back({key.bucket, number(batch.parties, parties_, slice.party(key.from)),
                        number(batch.parties, parties_, slice.party(key.to)),
                        number(batch.services, services_, slice.service(key.service)), volume});
        if (!estimate.any()) return;
        sampled.push_back({static_cast<std::uint32_t>(rows.size() - 1),
                           Bytes{volume.bytes.value() - estimate.bytes},
                           Packets{volume.packets.value() - estimate.packets},
                           estimate.bytes_variance, estimate.packets_variance});
    }
    [[nodiscard]] Batch finish() {
        sort_transfers(batch.transfers, batch.sampled);
        sort_transfers(batch.correction->removed, batch.correction->removed_sampled);
        return std::move(batch);
    }

    Batch batch;

private:
    template <typename Value>
    static std::uint32_t number(std::vector<Value>& list, std::map<Value, std::uint32_t>& numbers,
                                const Value& value) {
        const auto [at, is_new] =
            numbers.try_emplace(value, static_cast<std::uint32_t>(list.size()));
        if (is_new) list.push_back(value);
        return at->second;
    }

    std::map<Party, std::uint32_t> parties_;
    std::map<std::string, std::uint32_t> services_;
};

}  // namespace

SliceKey RebookSlice::key_of(const TransferSum& sum) {
    return {meters_.of({sum.meter, sum.meter_kind, sum.role, sum.layer}), sum.bucket,
            parties_.of(sum.from), parties_.of(sum.to), services_.of(sum.service)};
}

void RebookSlice::add_observed(const SliceKey& before, const SliceKey& after,
                               const TransferSum& sum) {
    Sum& wanted = sums_[after].wanted;
    wanted.volume += sum.volume;
    wanted.estimate += sum.estimate;
    if (before != after) provenance_.push_back({before, after, sum.volume});
}

void RebookSlice::add_booked(const TransferSum& sum) {
    Sum& booked = sums_[key_of(sum)].booked;
    booked.volume += sum.volume;
    booked.estimate += sum.estimate;
}

std::vector<SliceKey> RebookSlice::changed() const {
    std::vector<SliceKey> keys;
    for (const auto& [key, sums] : sums_)
        if (!sums.wanted.is_same(sums.booked)) keys.push_back(key);
    std::sort(keys.begin(), keys.end());
    return keys;
}

// First as the rows of the meters move. An earlier correction moved the rest, of
// which only the sums are known: it is paired in the order of the keys, bucket by bucket.
std::vector<SliceMove> RebookSlice::moves(const std::set<std::string>& identities) {
    std::map<SliceKey, Volume> over;
    std::map<SliceKey, Volume> under;
    for (const SliceKey& key : changed()) {
        const Sums& sums = sums_.at(key);
        over[key] = excess(sums.booked.volume, sums.wanted.volume);
        under[key] = excess(sums.wanted.volume, sums.booked.volume);
    }
    std::vector<SliceMove> made;
    const auto pair = [&](const SliceKey& before, const SliceKey& after, const Volume& limit) {
        const auto from = over.find(before);
        const auto to = under.find(after);
        if (from == over.end() || to == under.end()) return;
        const Volume part = least(limit, least(from->second, to->second));
        if (part == Volume{}) return;
        from->second = excess(from->second, part);
        to->second = excess(to->second, part);
        made.push_back({before, after, part});
    };
    for (const SliceMove& move : provenance_) pair(move.before, move.after, move.volume);
    std::erase_if(under, [](const auto& entry) { return entry.second == Volume{}; });
    for (const auto& [before, rest] : over) {
        auto at = under.lower_bound({before.meter, before.bucket, 0, 0, 0});
        while (at != under.end() && rest != Volume{} && at->first.meter == before.meter &&
               at->first.bucket == before.bucket) {
            pair(before, at->first, rest);
            at = at->second == Volume{} ? under.erase(at) : std::next(at);
        }
    }
    std::ranges::stable_sort(made, {}, [](const SliceMove& move) { return move.before.bucket; });
    if (!identities.empty()) select(made, identities);
    return made;
}

bool RebookSlice::has_identity(const SliceKey& key, const std::set<std::string>& identities) const {
    return identities.contains(party(key.from).identity) ||
           identities.contains(party(key.to).identity);
}

// Whether a correction of these keys alone adds what it removes, also of the scaled part.
bool RebookSlice::is_balanced(const std::vector<SliceKey>& keys) const {
    Sum wanted;
    Sum booked;
    for (const SliceKey& key : keys) {
        const Sums& sums = sums_.at(key);
        wanted.volume += sums.wanted.volume;
        wanted.estimate += sums.wanted.estimate;
        booked.volume += sums.booked.volume;
        booked.estimate += sums.booked.estimate;
    }
    return wanted.is_same(booked);
}

// Keys that exchange volume in a bucket are one group, of which the sums are equal. Where the part
// that was scaled up from samples is not, the group is the whole bucket of the meter.
void RebookSlice::select(std::vector<SliceMove>& moves, const std::set<std::string>& identities) {
    const std::vector<SliceKey> keys = changed();
    std::vector<std::size_t> group(keys.size());
    std::iota(group.begin(), group.end(), std::size_t{0});
    const auto place_of = [&](const SliceKey& key) {
        return static_cast<std::size_t>(std::ranges::lower_bound(keys, key) - keys.begin());
    };
    const auto root_of = [&](std::size_t at) {
        while (group[at] != at) at = group[at] = group[group[at]];
        return at;
    };
    for (const SliceMove& move : moves)
        group[root_of(place_of(move.before))] = root_of(place_of(move.after));
    std::map<std::size_t, std::vector<SliceKey>> members;
    for (std::size_t i = 0; i < keys.size(); ++i) members[root_of(i)].push_back(keys[i]);
    selected_.emplace();
    std::set<std::pair<std::uint32_t, UtcTime>> whole;
    for (const auto& [root, list] : members) {
        if (std::ranges::none_of(list, [&](const auto& k) { return has_identity(k, identities); }))
            continue;
        if (is_balanced(list))
            selected_->insert(list.begin(), list.end());
        else
            whole.emplace(list.front().meter, list.front().bucket);
    }
    for (const SliceKey& key : keys)
        if (whole.contains({key.meter, key.bucket})) selected_->insert(key);
    std::erase_if(moves, [&](const SliceMove& move) { return !selected_->contains(move.before); });
}

std::vector<Batch> RebookSlice::corrections(const Interval& corrected) const {
    std::vector<Batch> batches;
    std::vector<SliceKey> keys = changed();
    if (selected_)
        std::erase_if(keys, [&](const SliceKey& key) { return !selected_->contains(key); });
    for (std::size_t at = 0; at < keys.size();) {
        const std::uint32_t meter = keys[at].meter;
        CorrectionMaker maker(meters_.at(meter), corrected);
        for (; at < keys.size() && keys[at].meter == meter; ++at) {
            const Sums& sums = sums_.at(keys[at]);
            maker.add(*this, keys[at], sums.booked.volume, sums.booked.estimate, true);
            maker.add(*this, keys[at], sums.wanted.volume, sums.wanted.estimate, false);
        }
        batches.push_back(maker.finish());
    }
    return batches;
}

}  // namespace octroi
