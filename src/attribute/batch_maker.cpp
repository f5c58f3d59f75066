// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/batch_maker.hpp"

#include <algorithm>
#include <bit>

#include "attribute/bucket_number.hpp"
#include "base/narrow.hpp"
#include "base/radix_sort.hpp"
#include "record/party_order.hpp"
#include "record/transfer_order.hpp"

namespace octroi {
namespace {

// A part of a split reading may be zero: it makes no transfer.
bool is_empty(const TallyRow& row) noexcept { return (row.bytes | row.packets | row.flows) == 0; }

constexpr std::uint32_t unused = 0;
constexpr std::uint32_t used = 1;

unsigned bits_for(std::uint64_t count) noexcept {
    return static_cast<unsigned>(std::bit_width(count));
}

// Fills the parties that a transfer refers to. Returns the place of each by its number.
std::vector<std::uint32_t> make_parties(const AttributedSums& sums, Attributed& out) {
    std::vector<std::uint32_t> place(sums.resolver.end(), unused);
    for (const TallyRow& row : sums.tally.rows()) {
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
        parties.push_back(sums.resolver.party(number));
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

std::string service_name(const AttributedSums& sums, std::uint32_t number) {
    if (number < sums.services.end()) return sums.services.name(number);
    return sums.resolver.names().name(number - sums.services.end()).text;
}

std::vector<std::uint32_t> make_services(const AttributedSums& sums, Attributed& out) {
    std::vector<std::uint32_t> place(sums.services.end() + sums.resolver.names().size() + 1,
                                     unused);
    for (const TallyRow& row : sums.tally.rows()) {
        if (!is_empty(row)) place[row.key.service] = used;
    }
    std::vector<std::pair<std::string, std::uint32_t>> names;
    for (std::uint32_t number = 0; number < place.size(); ++number) {
        if (place[number] == used) names.emplace_back(service_name(sums, number), number);
    }
    std::sort(names.begin(), names.end());
    for (auto& [name, number] : names) {
        place[number] = narrow<std::uint32_t>(out.services.size());
        out.services.push_back(std::move(name));
    }
    return place;
}

struct Places {
    const std::vector<std::uint32_t>& party;
    const std::vector<std::uint32_t>& service;
};

struct BucketRange {
    std::int32_t first = INT32_MAX;
    std::int32_t last = INT32_MIN;
    std::size_t rows = 0;

    [[nodiscard]] unsigned bits() const noexcept {
        return rows == 0 ? 0 : bits_for(static_cast<std::uint64_t>(std::int64_t{last} - first));
    }
};

// Of the rows that make a transfer.
BucketRange bucket_range(const std::pmr::vector<TallyRow>& rows) {
    BucketRange range;
    for (const TallyRow& row : rows) {
        if (is_empty(row)) continue;
        range.first = std::min(range.first, row.key.bucket);
        range.last = std::max(range.last, row.key.bucket);
        ++range.rows;
    }
    return range;
}

// The rows that make a transfer, by bucket, from, to and service: the four in one 64-bit key, which
// must be wide enough for them.
std::vector<KeyedIndex> packed_order(const std::pmr::vector<TallyRow>& rows,
                                     const BucketRange& range, const Places& places,
                                     unsigned party_bits, unsigned service_bits) {
    std::vector<KeyedIndex> order;
    order.reserve(range.rows);
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
        const TallyKey& key = rows[i].key;
        if (is_empty(rows[i])) continue;
        auto packed = static_cast<std::uint64_t>(std::int64_t{key.bucket} - range.first);
        packed = packed << party_bits | places.party[key.from];
        packed = packed << party_bits | places.party[key.to];
        order.push_back({packed << service_bits | places.service[key.service], i});
    }
    radix_sort(order);
    return order;
}

// Sorted by bucket, from, to and service.
void make_transfers(const AttributedSums& sums, Attributed& out, const Places& places) {
    const std::pmr::vector<TallyRow>& rows = sums.tally.rows();
    const BucketRange range = bucket_range(rows);
    out.transfers.reserve(range.rows);
    const auto add = [&](std::uint32_t index) {
        const TallyRow& row = rows[index];
        const auto place = static_cast<std::uint32_t>(out.transfers.size());
        out.transfers.push_back({bucket_begin(row.key.bucket),
                                 places.party[row.key.from],
                                 places.party[row.key.to],
                                 places.service[row.key.service],
                                 {Bytes(row.bytes), Packets(row.packets), Flows(row.flows)}});
        if (!sums.sampled.empty())
            sums.sampled.report(index, place, out.transfers.back().volume, out.sampled);
    };
    const unsigned party_bits = bits_for(out.parties.size());
    const unsigned service_bits = bits_for(out.services.size());
    // A huge batch does not fit one key.
    if (range.bits() + 2 * party_bits + service_bits > 64) {
        for (std::uint32_t i = 0; i < rows.size(); ++i)
            if (!is_empty(rows[i])) add(i);
        sort_transfers(out.transfers, out.sampled);
        return;
    }
    for (const KeyedIndex& item : packed_order(rows, range, places, party_bits, service_bits))
        add(item.index);
}

}  // namespace

Attributed make_attributed(const AttributedSums& sums) {
    Attributed out;
    out.class_version = sums.resolver.classes().version();
    out.directory_version = sums.resolver.directory().version();
    const std::vector<std::uint32_t> parties = make_parties(sums, out);
    const std::vector<std::uint32_t> services = make_services(sums, out);
    make_transfers(sums, out, {parties, services});
    return out;
}

}  // namespace octroi
