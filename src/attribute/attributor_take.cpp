// SPDX-License-Identifier: GPL-3.0-or-later
// From the sums to the attributed part of a batch, in the order in which the ledger wants it: then
// nobody has to sort again.
#include <algorithm>
#include <bit>

#include "attribute/attributor.hpp"
#include "attribute/bucket_number.hpp"
#include "attribute/builtin_classes.hpp"
#include "base/narrow.hpp"
#include "base/radix_sort.hpp"
#include "record/party_order.hpp"
#include "record/transfer_order.hpp"

namespace octroi {
namespace {

// A part of a split reading may have got nothing: no transfer.
bool is_empty(const TallyRow& row) noexcept { return (row.bytes | row.packets | row.flows) == 0; }

constexpr std::uint32_t unused = 0;
constexpr std::uint32_t used = 1;

unsigned bits_for(std::uint64_t count) noexcept {
    return static_cast<unsigned>(std::bit_width(count));
}

}  // namespace

Party Attributor::party(std::uint32_t number) const {
    if (number < bases_.classes) return directory_->parties()[number];
    if (number < bases_.builtin)
        return {PartyKind::outside, classes_->names()[number - bases_.classes], {}};
    if (number < bases_.excluded) {
        return {PartyKind::outside, std::string(builtin_class_names[number - bases_.builtin]), {}};
    }
    if (number < bases_.addresses) {
        return {PartyKind::excluded, std::string(reasons[number - bases_.excluded]), {}};
    }
    const AddressParties::Row& row = addresses_.row(number - bases_.addresses);
    const CompiledDirectory::Owner& owner = directory_->owners()[row.owner];
    return {owner.kind, owner.name, to_string(row.address)};
}

// Fills the parties that a transfer names; returns the place of each by its number.
std::vector<std::uint32_t> Attributor::take_parties(Attributed& out) const {
    std::vector<std::uint32_t> place(bases_.addresses + addresses_.size(), unused);
    for (const TallyRow& row : tally_.rows()) {
        if (is_empty(row)) continue;
        place[row.key.from] = used;
        place[row.key.to] = used;
    }
    std::vector<std::uint32_t> numbers;
    std::vector<Party> parties;
    const auto count = static_cast<std::size_t>(std::count(place.begin(), place.end(), used));
    numbers.reserve(count);
    parties.reserve(count);
    for (std::uint32_t number = 0; number < place.size(); ++number) {
        if (place[number] == unused) continue;
        numbers.push_back(number);
        parties.push_back(party(number));
    }
    std::vector<std::uint32_t> order(count);
    for (std::uint32_t i = 0; i < count; ++i) order[i] = i;
    sort_parties(parties, order);
    out.parties.reserve(count);
    for (const std::uint32_t i : order) {
        place[numbers[i]] = narrow<std::uint32_t>(out.parties.size());
        out.parties.push_back(std::move(parties[i]));
    }
    return place;
}

std::vector<std::uint32_t> Attributor::take_services(Attributed& out) const {
    std::vector<std::uint32_t> place(services_->end(), unused);
    for (const TallyRow& row : tally_.rows()) {
        if (!is_empty(row)) place[row.key.service] = used;
    }
    std::vector<std::pair<std::string, std::uint32_t>> names;
    for (std::uint32_t number = 0; number < place.size(); ++number) {
        if (place[number] == used) names.emplace_back(services_->name(number), number);
    }
    std::sort(names.begin(), names.end());
    for (auto& [name, number] : names) {
        place[number] = narrow<std::uint32_t>(out.services.size());
        out.services.push_back(std::move(name));
    }
    return place;
}

// Sorted by bucket, from, to, service. The four fit into one number unless the batch is enormous.
void Attributor::take_transfers(Attributed& out, const std::vector<std::uint32_t>& place_of_party,
                                const std::vector<std::uint32_t>& place_of_service) const {
    const std::pmr::vector<TallyRow>& rows = tally_.rows();
    const auto transfer = [&](const TallyRow& row) -> Transfer {
        return {bucket_begin(row.key.bucket),
                place_of_party[row.key.from],
                place_of_party[row.key.to],
                place_of_service[row.key.service],
                {Bytes(row.bytes), Packets(row.packets), Flows(row.flows)}};
    };
    BucketNumber first = INT32_MAX;
    BucketNumber last = INT32_MIN;
    std::size_t count = 0;
    for (const TallyRow& row : rows) {
        if (is_empty(row)) continue;
        first = std::min(first, row.key.bucket);
        last = std::max(last, row.key.bucket);
        ++count;
    }
    out.transfers.reserve(count);
    const unsigned party_bits = bits_for(out.parties.size());
    const unsigned service_bits = bits_for(out.services.size());
    const auto take = [&](std::uint32_t index) {
        const TallyRow& row = rows[index];
        const auto place = static_cast<std::uint32_t>(out.transfers.size());
        out.transfers.push_back(transfer(row));
        if (!sampled_.empty())
            sampled_.take(index, place, out.transfers.back().volume, out.sampled);
    };
    const auto bucket_of = [first](const TallyRow& row) {
        return static_cast<std::uint64_t>(std::int64_t{row.key.bucket} - first);
    };
    const unsigned bucket_bits =
        count == 0 ? 0 : bits_for(static_cast<std::uint64_t>(std::int64_t{last} - first));
    if (bucket_bits + 2 * party_bits + service_bits > 64) {
        for (std::uint32_t i = 0; i < rows.size(); ++i)
            if (!is_empty(rows[i])) take(i);
        sort_transfers(out.transfers, out.sampled);
        return;
    }
    std::vector<KeyedIndex> order;
    order.reserve(count);
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
        const TallyKey& key = rows[i].key;
        if (is_empty(rows[i])) continue;
        std::uint64_t packed = bucket_of(rows[i]);
        packed = packed << party_bits | place_of_party[key.from];
        packed = packed << party_bits | place_of_party[key.to];
        order.push_back({packed << service_bits | place_of_service[key.service], i});
    }
    radix_sort(order);
    for (const KeyedIndex& item : order) take(item.index);
}

Attributed Attributor::take() {
    Attributed out;
    out.class_version = classes_->version();
    out.directory_version = directory_->version();
    out.volume = {Bytes(bytes_), Packets(packets_), Flows(flows_)};
    const std::vector<std::uint32_t> parties = take_parties(out);
    const std::vector<std::uint32_t> services = take_services(out);
    take_transfers(out, parties, services);
    tally_.clear(rows_kept);
    sampled_.clear(rows_kept);
    ++generation_;
    bytes_ = packets_ = flows_ = 0;
    if (addresses_.size() > addresses_kept) forget();
    return out;
}

}  // namespace octroi
